"""Writes regression.json: random columns scored by scikit-learn (errors) and scipy (correlations with their p-values).

    python regression.py > regression.json

"metrics" follow NAMES, "tests" are [value, p-value] of Pearson, Spearman and Kendall; null is NaN. The concordance
correlation is Lin's formula in exact fractions.
"""

import importlib.metadata
import json
import math
import random
import warnings
from fractions import Fraction

import numpy
from scipy.stats import kendalltau, pearsonr, spearmanr
from sklearn.metrics import (explained_variance_score, max_error, mean_absolute_error, mean_absolute_percentage_error,
                             mean_pinball_loss, mean_squared_error, mean_squared_log_error, median_absolute_error,
                             r2_score, root_mean_squared_error)

warnings.filterwarnings("ignore")
rng = random.Random(5)
NAMES = ["mae", "mse", "rmse", "medianAbsoluteError", "maxError", "r2", "explainedVariance", "mape", "pinball", "msle",
         "concordance", "smape"]


def column(kind, n):
    if kind == "ties":
        return [float(rng.randint(0, 4)) for _ in range(n)]
    if kind == "far":  # much offset, little spread
        return [round(1e6 + rng.gauss(0, 1), 3) for _ in range(n)]
    if kind == "constant":
        return [float(rng.randint(-2, 2))] * n
    if kind == "small":
        return [round(rng.gauss(0, 1) * 1e-6, 10) for _ in range(n)]
    if kind == "positive":
        return [round(rng.expovariate(0.1), 3) for _ in range(n)]
    return [round(rng.gauss(0, 3), 3) for _ in range(n)]


def guess(references, kind):
    if kind == "same":
        return list(references)
    if kind == "offset":
        return [value + 2 for value in references]
    if kind == "constant":
        return [float(rng.randint(-1, 2))] * len(references)
    if kind == "sorted":
        return [float(rank) for rank in numpy.argsort(numpy.argsort(references))]
    if kind == "near":
        return [round(value + rng.gauss(0, 0.5), 3) for value in references]
    if kind == "rounded":
        return [float(round(value)) for value in references]
    return [round(-value if rng.random() < 0.5 else rng.gauss(0, 2), 2) for value in references]


def number(value):
    return None if math.isnan(value) else float(f"{value:.15g}")


def concordance(y, p):
    y, p, n = [Fraction(v) for v in y], [Fraction(v) for v in p], len(y)
    my, mp = sum(y) / n, sum(p) / n
    below = sum((v - my) ** 2 for v in y) + sum((v - mp) ** 2 for v in p) + n * (my - mp) ** 2
    return float(2 * sum((a - my) * (b - mp) for a, b in zip(y, p)) / below) if below else math.nan


def smape(y, p):
    parts = [2 * abs(a - b) / (abs(a) + abs(b)) if a or b else 0 for a, b in zip(y, p)]
    return sum(parts) / len(parts)


cases = []
for index in range(600):
    n = rng.choice([1, 2, 2, 3, 4, 5, 7, 10, 12]) if index % 9 else rng.choice([34, 40])
    y = column(rng.choice(["ties", "far", "constant", "small", "positive", "positive", "plain", "plain"]), n)
    p = guess(y, rng.choice(["same", "offset", "constant", "sorted", "near", "near", "rounded", "mixed", "mixed"]))
    quantile = rng.choice([0, 0.1, 0.5, 0.9, 1])
    logs = min(y + p) > -1
    metrics = [
        mean_absolute_error(y, p), mean_squared_error(y, p), root_mean_squared_error(y, p), median_absolute_error(y, p),
        max_error(y, p), r2_score(y, p), explained_variance_score(y, p), mean_absolute_percentage_error(y, p),
        mean_pinball_loss(y, p, alpha=quantile), mean_squared_log_error(y, p) if logs else math.nan,
        concordance(y, p), smape(y, p),
    ]
    tests = [list(map(number, test(y, p))) for test in [pearsonr, spearmanr, kendalltau]] if n > 1 else None
    cases.append({"y": y, "p": p, "quantile": quantile, "metrics": list(map(number, metrics)), "tests": tests})

versions = {name: importlib.metadata.version(name) for name in ["scikit-learn", "scipy", "numpy"]}
print(json.dumps({"versions": versions, "names": NAMES, "cases": cases}, separators=(",", ":")))
