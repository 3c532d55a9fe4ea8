"""Writes intervals.json: distribution functions of scipy, and intervals of statsmodels and scipy.

    python intervals.py > intervals.json
"""

import json
import math

import mpmath
import numpy
import scipy
import statsmodels
from scipy import special, stats

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


print(
    json.dumps(
        {
            "versions": {"scipy": scipy.__version__, "mpmath": mpmath.__version__, "statsmodels": statsmodels.__version__},
            "special": special_cases(),
        },
        separators=(",", ":"),
    )
)
