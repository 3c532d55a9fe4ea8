"""Writes intervals.json: distribution functions of scipy, and intervals of statsmodels and scipy.

    python intervals.py > intervals.json
"""

import json
import math
import warnings

import mpmath
import numpy
import scipy
import statsmodels
from scipy import special, stats
from statsmodels.stats import proportion, rates

random = numpy.random.default_rng(4)


def finite(rows):
    """Rows whose result is a normal number: what underflows has no digits to compare."""
    return [row for row in rows if math.isfinite(row[-1]) and (row[-1] == 0 or abs(row[-1]) > 1e-300)]


mpmath.mp.dps = 30


def binomial_cdf(k, n, p):
    """The sum itself: scipy computes with 1 - p, rounded, and is some 1e-12 off."""
    p = mpmath.mpf(p)
    term = total = (1 - p) ** n
    for i in range(1, k + 1):
        term *= (n - i + 1) * p / (i * (1 - p))
        total += term
    assert abs(total - stats.binom.cdf(k, n, float(p))) <= 1e-10 * total
    return total


def special_cases():
    xs = [-37.5, -30, -20, -8.3, -5, -3, -2.5, -2.4999, -1, -1e-9, 0, 1e-12, 0.3, 1, 2.5, 3, 6, 8]
    xs += random.uniform(-38, 8, 60).tolist() + random.normal(size=30).tolist()
    ps = [1e-300, 1e-200, 1e-100, 1e-20, 1e-10, 0.001, 0.025, 0.3, 0.5, 0.5 + 1e-10, 0.5 - 1e-7, 0.975, 1 - 1e-12]
    ps += random.uniform(size=40).tolist() + (10 ** random.uniform(-250, 0, 40)).tolist()
    freedoms = [0.5, 1, 2, 3, 4.5, 10, 29, 99, 1000, 123456, 1e9]
    shapes = [0.05, 0.5, 1, 1.5, 3, 10, 45.5, 300, 1e4, 2.5e5]
    some = lambda values: float(random.choice(values))
    cases = {
        "normalCdf": [[x, special.ndtr(x)] for x in xs],
        "normalQuantile": [[p, special.ndtri(p)] for p in ps],
        "logGamma": [
            [x, mpmath.loggamma(x)]  # scipy loses digits near the zeros at 1 and 2
            for x in [1e-10, 0.1, 0.5, 1 - 1e-9, 1 + 1e-9, 1.4616, 1.5, 2 - 1e-7, 2 + 1e-7, 2.5, 3, 14.9, 15, 1e10]
            + (10 ** random.uniform(-5, 6, 60)).tolist()
            + random.uniform(0.5, 3, 30).tolist()
        ],
        "studentTCdf": [],
        "studentTQuantile": [],
        "incompleteBeta": [],
        "betaQuantile": [],
        "chiSquareCdf": [],
        "chiSquareSurvival": [],
        "chiSquareQuantile": [],
        "binomialPmf": [],
        "binomialCdf": [],
    }
    for _ in range(120):
        freedom = some(freedoms)
        t = float(random.normal() * 10 ** random.uniform(-3, 1.5))
        cases["studentTCdf"].append([t, freedom, stats.t.cdf(t, freedom)])
        p = some([some(ps[5:]), float(random.uniform()), float(10 ** random.uniform(-12, 0))])
        if p > 1e-80 ** freedom:  # scipy is wrong where t nears the largest double
            cases["studentTQuantile"].append([p, freedom, stats.t.ppf(p, freedom)])
        a, b = some(shapes), some(shapes)
        spread = math.sqrt(a * b / (a + b) ** 2 / (a + b + 1))
        x = some([float(random.uniform()), min(0.999, max(1e-9, a / (a + b) + spread * random.normal() * 3))])
        cases["incompleteBeta"].append([x, a, b, special.betainc(a, b, x)])
        cases["betaQuantile"].append([p, a, b, special.betaincinv(a, b, p)])
        x = max(1e-6, freedom + math.sqrt(2 * freedom) * float(random.normal()) * 3)
        if freedom < 1e6:
            cases["chiSquareCdf"].append([x, freedom, stats.chi2.cdf(x, freedom)])
            cases["chiSquareSurvival"].append([x, freedom, stats.chi2.sf(x, freedom)])
            cases["chiSquareQuantile"].append([p, freedom, stats.chi2.ppf(p, freedom)])
        n = int(10 ** random.uniform(0, 5))
        p = some([0.5, float(random.uniform()), float(10 ** random.uniform(-6, 0))])
        k = int(min(n, max(0, round(n * p + math.sqrt(n * p * (1 - p)) * random.normal() * 3))))
        cases["binomialPmf"].append([k, n, p, stats.binom.pmf(k, n, p)])
        cases["binomialCdf"].append([k, n, p, binomial_cdf(k, n, p)])
    return {name: finite([[float(v) for v in row] for row in rows]) for name, rows in cases.items()}


def uniforms(seed, count):
    """The numbers that the test makes from the same seed: a linear congruential generator modulo 2^32."""
    state, values = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values.append(state / 2**32)
    return numpy.array(values)


def confidence_of(case):
    return [0.8, 0.9, 0.95, 0.99, 0.999][case % 5]


def proportion_cases():
    methods = ["wilson", "beta", "agresti_coull", "jeffreys"]
    cases = []
    for case in range(150):
        n = int(10 ** random.uniform(0, 4))
        count = [0, n, 1][case % 3] if case < 30 else int(random.integers(0, n + 1))
        alpha = 1 - confidence_of(case)
        ends = [proportion.proportion_confint(count, n, alpha=alpha, method=method) for method in methods]
        cases.append([count, n, confidence_of(case)] + [float(end) for pair in ends for end in pair])
    return cases


def newcombe_cases():
    cases = []
    for case in range(150):
        first, second = (int(10 ** random.uniform(0, 3.5)) for _ in range(2))
        a, b = int(random.integers(0, first + 1)), int(random.integers(0, second + 1))
        alpha = 1 - confidence_of(case)
        ends = proportion.confint_proportions_2indep(a, first, b, second, method="newcomb", alpha=alpha)
        cases.append([a, first, b, second, confidence_of(case)] + [float(end) for end in ends])
    return cases


def mean_cases():
    cases = []
    for case in range(120):
        n, m = int(random.integers(2, 60)), int(random.integers(2, 60))
        a, b = uniforms(case, n) * 10, uniforms(case + 1000, m) - 3
        one = stats.ttest_1samp(a, 0).confidence_interval(confidence_of(case))
        two = stats.ttest_ind(a, b, equal_var=False).confidence_interval(confidence_of(case))
        cases.append([case, n, m, confidence_of(case), one.low, one.high, two.low, two.high])
    return [[float(v) for v in row] for row in cases]


def correlation_cases():
    cases = []
    for case in range(120):
        n = int(random.integers(3, 200))
        x = random.normal(size=n)
        result = stats.pearsonr(x, x * random.normal() + random.normal(size=n))
        ends = result.confidence_interval(confidence_of(case))
        cases.append([float(v) for v in [result.statistic, n, confidence_of(case), ends.low, ends.high]])
    return cases


def poisson_cases():
    cases = []
    for case in range(120):
        count = case if case < 20 else int(10 ** random.uniform(0, 5))
        exposure = float(10 ** random.uniform(-1, 4))
        ends = rates.confint_poisson(count, exposure, method="exact-c", alpha=1 - confidence_of(case))
        cases.append([count, exposure, confidence_of(case)] + [0.0 if count == 0 else float(ends[0]), float(ends[1])])
    return cases


def ratio(x, y):
    return x.sum() / y.sum()


def f1(right, guessed, true):
    total = guessed.sum() + true.sum()
    return 2 * right.sum() / total if total > 0 else 0.0


def gap(x, y):
    return x.sum() - y.sum()  # of whole numbers: no rounding breaks ties


def bootstrap_cases():
    """scipy's interval from a given bootstrap distribution; the test draws the same resamples."""
    cases = []
    for case in range(520):
        kind = ["mean", "ratio", "f1", "gap"][case % 4]
        n = 6 + case % 37
        u = uniforms(2 * case, 2 * n)
        x, y = u[:n], u[n:]
        if case % 8 < 4:  # coarse values: rows repeat and resamples tie
            x, y = numpy.floor(x * 4), numpy.floor(y * 3) + 1
        half = n // 2
        if kind == "mean":
            data, statistic = (x,), numpy.mean
        elif kind == "ratio":
            data, statistic = (x, y + 1), ratio
        elif kind == "f1":
            data = ((u[:n] < 0.6) & (u[n:] < 0.7), u[:n] < 0.6, u[n:] < 0.7)
            data, statistic = tuple(column.astype(float) for column in data), f1
        else:
            data, statistic = (x[:half], x[half:]), gap
        resamples = 60 + case % 50
        v = uniforms(2 * case + 1, resamples * n).reshape(resamples, n)
        if kind == "gap":
            first = numpy.floor(v[:, :half] * half).astype(int)
            second = numpy.floor(v[:, half:] * (n - half)).astype(int)
            draws = [statistic(data[0][i], data[1][j]) for i, j in zip(first, second)]
        else:
            indices = numpy.floor(v * n).astype(int)
            draws = [statistic(*(column[i] for column in data)) for i in indices]
        given = stats.bootstrap((numpy.arange(3.0),), numpy.mean, n_resamples=2)
        given.bootstrap_distribution = numpy.array(draws)
        ends = []
        for method in ["percentile", "bca"]:
            interval = stats.bootstrap(
                data,
                statistic,
                paired=kind in ["ratio", "f1"],
                vectorized=False,
                n_resamples=0,
                bootstrap_result=given,
                method=method,
                confidence_level=confidence_of(case),
            ).confidence_interval
            ends += [float(interval.low), float(interval.high)]
        if all(math.isfinite(end) for end in ends):
            cases.append([kind, case, n, resamples, confidence_of(case)] + ends)
    return cases


warnings.filterwarnings("ignore")
print(
    json.dumps(
        {
            "versions": {
                "scipy": scipy.__version__,
                "statsmodels": statsmodels.__version__,
                "mpmath": mpmath.__version__,
            },
            "special": special_cases(),
            "proportion": proportion_cases(),
            "newcombe": newcombe_cases(),
            "mean": mean_cases(),
            "correlation": correlation_cases(),
            "poisson": poisson_cases(),
            "bootstrap": bootstrap_cases(),
        },
        separators=(",", ":"),
    )
)
