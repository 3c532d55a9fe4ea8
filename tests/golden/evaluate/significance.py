"""Writes significance.json: paired tests of sacrebleu, statsmodels and scipy, and adjusted p-values of statsmodels.

    python significance.py > significance.json
"""

import json
import math
import types
import warnings
from unittest import mock

import numpy
import sacrebleu
import scipy
import statsmodels
from sacrebleu import significance
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(5)


def uniforms(seed, count):
    """The numbers that the test makes from the same seed: a linear congruential generator modulo 2^32."""
    state, values = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values.append(state / 2**32)
    return numpy.array(values)


class Given:
    """Stands in for numpy's generator in sacrebleu, so that the test can draw the same resamples."""

    def __init__(self, seed):
        self.seed = seed

    def integers(self, _high, size, dtype):
        return (uniforms(self.seed, math.prod(size)) < 0.5).reshape(size).astype(dtype)

    def choice(self, n, size, replace):
        return numpy.floor(uniforms(self.seed, math.prod(size)) * n).astype(int).reshape(size)


class Ratio:
    """A metric of two sums: 100 times matches over total."""

    def __init__(self, rows):
        self.rows = rows

    def _extract_corpus_statistics(self, hypotheses, references):
        return self.rows

    def _compute_score_from_stats(self, sums):
        return types.SimpleNamespace(score=100 * float(sums[0]) / float(sums[1]))

    def _aggregate_and_compute(self, rows):
        return self._compute_score_from_stats(numpy.array(rows).sum(axis=0))


def sacrebleu_cases():
    cases = []
    for case in range(500):
        n, trials = 5 + case % 31, 40 + case % 23
        u = uniforms(3 * case, 3 * n)
        total = numpy.floor(u[:n] * 20) + 5
        shift = [0, 0.05, 0.1, 0.2][case % 4]
        a = numpy.floor(total * (0.2 + 0.6 * u[n : 2 * n]))
        b = numpy.floor(total * (0.2 + shift + 0.6 * u[2 * n :]))
        a, b = (numpy.stack([matches, total], axis=1).astype(int) for matches in (a, b))
        metric = Ratio(a)
        baseline = {"ratio": (b, metric._aggregate_and_compute(b))}
        ps = []
        for test in [significance._paired_bs_test, significance._paired_ar_test]:
            with mock.patch.object(numpy.random, "default_rng", lambda seed: Given(3 * case + 1)):
                _, results = test(baseline, "a", ["x"] * n, None, {"ratio": metric}, n_samples=trials)
            ps.append(results["ratio"].p_value)
        cases.append([case, n, trials] + ps)
    return cases


def mcnemar_cases():
    cases = []
    for case in range(500):
        most = int(10 ** random.uniform(0, 3))
        table = random.integers(0, most + 1, (2, 2))
        if table[0, 1] + table[1, 0] == 0:
            table[0, 1] = 1
        exact, square = mcnemar(table, exact=True), mcnemar(table, exact=False, correction=True)
        cases.append(
            table.ravel().tolist()
            + [float(v) for v in [exact.statistic, exact.pvalue, square.statistic, square.pvalue]]
        )
    return cases


def score_cases():
    """Paired t and Wilcoxon on scores that are eighths, hence with ties, or fine ones."""
    cases = []
    for case in range(520):
        n = 2 + case % 70
        u = uniforms(case + 7, 2 * n)
        grain = [8, 2**20, 2][case % 3]
        a = numpy.floor(u[:n] * grain) / grain
        b = numpy.floor(u[n:] * grain) / grain + [0, 0.25, -0.125][case % 5 % 3]
        if (a == b).all():
            continue
        t, w = stats.ttest_rel(a, b), stats.wilcoxon(a, b)
        values = [t.statistic, t.pvalue, w.statistic, w.pvalue]
        if numpy.std(a - b) > 0:
            cases.append([case, n] + [float(v) for v in values])
    return cases


def adjusted_cases():
    methods = ["bonferroni", "holm", "simes-hochberg", "fdr_bh", "fdr_by"]
    cases = []
    for case in range(500):
        m = 1 + case % 25
        u = uniforms(case + 11, m)
        p = numpy.floor(u * 20) / 20 if case % 3 == 0 else u * u * u / (1 + case % 7)
        cases.append([case, m, methods[case % 5]] + [float(v) for v in multipletests(p, method=methods[case % 5])[1]])
    return cases


print(
    json.dumps(
        {
            "versions": {
                "sacrebleu": sacrebleu.__version__,
                "scipy": scipy.__version__,
                "statsmodels": statsmodels.__version__,
            },
            "sacrebleu": sacrebleu_cases(),
            "mcnemar": mcnemar_cases(),
            "scores": score_cases(),
            "adjusted": adjusted_cases(),
        },
        separators=(",", ":"),
    )
)
