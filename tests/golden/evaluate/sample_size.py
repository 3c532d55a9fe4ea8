"""Writes sample_size.json: sample sizes and powers by statsmodels and scipy.

    python sample_size.py > sample_size.json
"""

import json
import warnings

import numpy as np
import scipy
import statsmodels
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.power import normal_power_het, normal_sample_size_one_tail, ttest_power
from statsmodels.stats.proportion import (
    power_proportions_2indep,
    proportion_confint,
    samplesize_confint_proportion,
    samplesize_proportions_2indep_onetail,
)

warnings.filterwarnings("ignore")
random = np.random.default_rng(400)


def number(value):
    return float(value)


def between(low, high):
    return round(float(random.uniform(low, high)), 4)


def proportion(_):
    p, margin, alpha = between(0.01, 0.99), between(0.005, 0.2), float(random.choice([0.1, 0.05, 0.01]))

    def half(n):
        low, high = proportion_confint(p * n, n, alpha, method="wilson")
        return (high - low) / 2 - margin

    wilson = brentq(half, 1e-6, 1e7, xtol=1e-12, rtol=1e-14)
    return [p, margin, 1 - alpha, number(samplesize_confint_proportion(p, margin, alpha)), number(wilson)]


def mean(_):
    sd, margin, alpha = between(0.5, 3), between(0.05, 1), float(random.choice([0.1, 0.05, 0.01]))
    def wide(n):
        return stats.t.ppf(1 - alpha / 2, n - 1) * sd / np.sqrt(n) - margin

    n = 2 if wide(2) <= 0 else brentq(wide, 2, 1e7, xtol=1e-12, rtol=1e-14)
    return [sd, margin, 1 - alpha, number(n)]


def two_proportions(_):
    first, second = between(0.02, 0.98), between(0.02, 0.98)
    if abs(first - second) < 0.01:
        second = round(0.5 * first, 4)
    ratio, alpha, power = between(0.3, 3), float(random.choice([0.1, 0.05, 0.01])), between(0.5, 0.99)
    sides = int(random.integers(1, 3))
    n = int(random.integers(5, 400))
    size = samplesize_proportions_2indep_onetail(
        first - second, second, power, ratio, alpha, alternative="two-sided" if sides == 2 else "larger"
    )
    alternative = "two-sided" if sides == 2 else "larger" if first > second else "smaller"
    found = power_proportions_2indep(first - second, second, n, ratio, alpha, alternative=alternative, return_results=False)
    return [first, second, ratio, alpha, power, sides, n, number(size), number(found)]


def paired(_):
    first, second = between(0.001, 0.5), between(0.001, 0.5)
    if abs(first - second) < 0.005:
        second = round(0.5 * first, 4)
    alpha, power, n = float(random.choice([0.1, 0.05, 0.01])), between(0.5, 0.99), int(random.integers(5, 900))
    difference, spread = first - second, first + second
    errors = {"std_null": np.sqrt(spread), "std_alternative": np.sqrt(spread - difference**2)}
    return [first, second, alpha, power, n, number(normal_sample_size_one_tail(difference, power, alpha / 2, **errors)),
            number(normal_power_het(difference, n, alpha, **errors))]


def difference(case):
    effect, alpha, power = between(0.1, 2), float(random.choice([0.1, 0.05, 0.01])), between(0.5, 0.99)
    sides, n = 1 + case % 2, int(random.integers(2, 300))
    def power_of(n):
        found = ttest_power(effect, n, alpha, alternative="two-sided" if sides == 2 else "larger")
        # scipy has no number for a far tail below about 1e-16: leave it out
        return ttest_power(effect, n, alpha / sides, alternative="larger") if np.isnan(found) else found

    high = 20 + 2 * normal_sample_size_one_tail(effect, power, alpha / sides)
    size = 2 if power_of(2) >= power else brentq(lambda n: power_of(n) - power, 2, high, xtol=1e-12, rtol=1e-14)
    return [effect, alpha, power, sides, n, number(size), number(power_of(n))]


def preference(_):
    share, alpha, power = between(0.51, 0.95), float(random.choice([0.1, 0.05, 0.01])), between(0.5, 0.99)
    size = normal_sample_size_one_tail(share - 0.5, power, alpha / 2, 0.5, np.sqrt(share * (1 - share)))
    return [share, alpha, power, number(size)]


print(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "proportion": [proportion(case) for case in range(500)],
    "mean": [mean(case) for case in range(500)],
    "twoProportions": [two_proportions(case) for case in range(500)],
    "paired": [paired(case) for case in range(500)],
    "difference": [difference(case) for case in range(500)],
    "preference": [preference(case) for case in range(500)],
}, separators=(",", ":")))
