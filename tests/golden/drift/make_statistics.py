"""Writes statistics.json: drift statistics of random data by scipy.

    python make_statistics.py > statistics.json

Samples are given by a rule both sides can follow (see `sample`), so that large ones need no room here.
"""

import json
import math

import numpy
import scipy
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

random = numpy.random.default_rng(11)


def sample(n, start, step, modulus, shift):
    """n whole numbers: (start + i * step) mod modulus + shift. A small modulus makes ties."""
    return [(start + i * step) % modulus + shift for i in range(n)]


def rule(n, ties):
    modulus = int(random.integers(3, 12)) if ties else 1_000_003
    step = int(random.integers(1, modulus))
    shift = int(random.integers(0, 3)) if ties else int(random.integers(0, 150_000))
    return [n, int(random.integers(0, modulus)), step, modulus, shift]


def ks_cases():
    sizes = []
    for _ in range(60):
        sizes.append([int(random.integers(1, 60)), int(random.integers(1, 60))])
    for _ in range(20):
        n = int(random.integers(1, 300))
        sizes.append([n, n])
    for _ in range(20):
        sizes.append([int(random.integers(100, 2000)), int(random.integers(100, 400))])
    sizes += [[2000, 200], [2000, 2000], [1999, 2000], [10000, 150], [10001, 150], [10001, 100], [12000, 60]]
    sizes += [[12000, 8], [30000, 3], [20000, 1], [50000, 1000], [20000, 20000], [300000, 900]]
    for i, (n, m) in enumerate(sizes):
        a, b = rule(n, i % 3 == 0), rule(m, i % 3 == 0)
        result = stats.ks_2samp(sample(*a), sample(*b), method="auto")
        yield {"a": a, "b": b, "statistic": float(result.statistic), "pValue": float(result.pvalue)}


def counts(size, total, sparse):
    weights = random.dirichlet(numpy.full(size, 0.2 if sparse else 2))
    drawn = random.multinomial(total, weights)
    return [int(c) for c in drawn]


def fill(shares):
    """Evidently's zero filling."""
    smallest = min(s for s in shares if s > 0)
    filler = smallest / 10**6 if smallest <= 0.0001 else 0.0001
    return [filler if s == 0 else s for s in shares]


def finite(value):
    return "Infinity" if math.isinf(value) else float(value)


def count_cases():
    for i in range(120):
        size = int(random.integers(2, 30))
        reference = counts(size, int(random.integers(20, 20000)), i % 2 == 0)
        current = counts(size, int(random.integers(5, 2000)), i % 2 == 0)
        if i % 5 == 0:  # a category that neither has seen
            reference[0] = current[0] = 0
            reference[1] += 1
            current[1] += 1
        r, c = numpy.array(reference) / sum(reference), numpy.array(current) / sum(current)
        fr, fc = fill(r), fill(c)
        half_r = (numpy.array(reference) + 0.5) / (sum(reference) + size / 2)
        half_c = (numpy.array(current) + 0.5) / (sum(current) + size / 2)
        table = numpy.array([reference, current])
        table = table[:, table.sum(axis=0) > 0]
        chi = stats.chi2_contingency(table, correction=False)
        yield {
            "reference": reference,
            "current": current,
            "js": float(jensenshannon(r, c)),
            "klNone": finite(special.rel_entr(r, c).sum()),
            "klFill": float(stats.entropy(fr, fc)),
            "klHalf": float(stats.entropy(half_r, half_c)),
            "psiFill": float(sum((b - a) * math.log(b / a) for a, b in zip(fr, fc))),
            "psiHalf": float(stats.entropy(half_r, half_c) + stats.entropy(half_c, half_r)),
            "chi": [float(chi.statistic), int(chi.dof), float(chi.pvalue), float(chi.expected_freq.min())],
            "ksBinned": float(numpy.abs(numpy.cumsum(r) - numpy.cumsum(c)).max()),
        }


def kolmogorov_cases():
    for n in [1, 2, 5, 20, 100, 140, 141, 200, 700, 1000, 5000, 30000, 100000, 200000]:
        for z in [0.05, 0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.47, 1.49, 1.7, 2.0, 2.1, 3.0, 5.0, 9.0]:
            x = z / math.sqrt(n)
            if x < 1.1:
                yield [n, x, float(stats.kstwo.sf(x, n))]


def gamma_cases():
    for a in [0.01, 0.5, 1, 2.5, 10, 80, 500, 5000]:
        for ratio in [0.01, 0.3, 0.8, 0.99, 1.0, 1.01, 1.2, 2, 5, 20]:
            yield [a, a * ratio, float(special.gammaincc(a, a * ratio))]


def fdr_cases():
    for _ in range(12):
        p = [float(v) for v in random.random(int(random.integers(1, 9))) ** 3]
        yield {"p": p, "adjusted": [float(v) for v in stats.false_discovery_control(p)]}


def pearson_cases():
    for skewness in [0.05, 0.3, 0.8, 1.5, 3.0]:
        for z in [-3.0, -1.0, -0.2, 0.0, 0.7, 2.0, 4.0, 8.0, 20.0]:
            yield [z, skewness, float(stats.pearson3.sf(z, skewness))]


print(
    json.dumps(
        {
            "versions": {"numpy": numpy.__version__, "scipy": scipy.__version__},
            "ks": list(ks_cases()),
            "counts": list(count_cases()),
            "kolmogorov": list(kolmogorov_cases()),
            "gamma": list(gamma_cases()),
            "fdr": list(fdr_cases()),
            "pearson": list(pearson_cases()),
        },
        separators=(",", ":"),
    )
)
