"""Writes probabilities.json: random probabilities judged by scikit-learn, and calibration errors by a loop over bins after
Guo et al. (2017).

    python probabilities.py > probabilities.json

A row's probabilities are its digits in `shares` divided by their sum: exactly on bin edges, 0 and 1 as often as not. Weights
are digits. With `single` the probability of the second class alone was given. `logLoss32` is the loss of the probabilities
rounded to 32 bits and cut at their grain, in doubles.
"""

import json
import math
import warnings

import numpy
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(21)


def number(value):
    value = float(value)
    return int(value) if value.is_integer() else float(f"{value:.12g}")


def edges_of(sure, bins, strategy):
    shares = numpy.linspace(0, 1, bins + 1)
    return shares if strategy == "width" else numpy.percentile(sure, shares * 100)


def errors(sure, right, bins, strategy):
    """Expected and maximum calibration error."""
    edges = edges_of(sure, bins, strategy)
    left = numpy.ones(len(sure), bool)
    expected = maximum = 0.0
    for i in range(bins):
        here = left & ((sure <= edges[i + 1]) if i < bins - 1 else True)
        left &= ~here
        if here.any():
            gap = abs(right[here].mean() - sure[here].mean())
            expected += here.mean() * gap
            maximum = max(maximum, gap)
    return [number(expected), number(maximum)]


cases = []
for case in range(520):
    size = int(random.integers(2, 6))
    n = int(random.integers(1, 26))
    references = random.integers(0, size if case % 7 else 1, n)
    shares = random.integers(0, 10, (n, size)) * (random.random((n, size)) < [0.4, 0.8, 1][case % 3])
    if case % 2:  # the true class is likely
        shares[numpy.arange(n), references] += random.integers(0, 5, n)
        shares = numpy.minimum(shares, 9)
    shares[shares.sum(axis=1) == 0, 0] = 1
    probabilities = shares / shares.sum(axis=1, keepdims=True)
    single = size == 2 and case % 4 == 0
    weights = random.integers(0, 10, n)
    weights[0] = max(weights[0], 1)
    given = probabilities[:, 1] if single else probabilities
    if single:
        probabilities = numpy.stack([1 - given, given], axis=1)
    labels = list(range(size))
    small = given.astype(numpy.float32).astype(float)
    small = numpy.stack([1 - small, small], axis=1) if single else small
    small = numpy.clip(small[numpy.arange(n), references], 2.0**-23, 1 - 2.0**-23)
    # the class with the label 1 alone: scikit-learn takes one column of two for the greater label that it finds
    brier = {} if single else {"labels": labels}
    bins = int(random.integers(1, 21))
    strategy = ["width", "mass"][case % 2]
    label = int(random.integers(size))
    share_right, confidence = calibration_curve(
        (references == label).astype(int),
        probabilities[:, label],
        n_bins=bins,
        strategy={"width": "uniform", "mass": "quantile"}[strategy],
        pos_label=1,
    )
    top = probabilities.argmax(axis=1)
    sure = probabilities[numpy.arange(n), top]
    cases.append(
        {
            "size": size,
            "references": "".join(map(str, references)),
            "shares": "".join(map(str, shares.ravel())),
            "single": single,
            "weights": "".join(map(str, weights)),
            "logLoss": number(log_loss(references, given, labels=labels)),
            "weightedLogLoss": number(log_loss(references, given, labels=labels, sample_weight=weights)),
            "logLoss32": number(-numpy.log(small).mean()),
            "brier": number(brier_score_loss(references, given, **brier)),
            "weightedBrier": number(
                brier_score_loss(references, given, sample_weight=weights, scale_by_half=False, **brier)
            ),
            "bins": bins,
            "strategy": strategy,
            "label": label,
            "curve": [[number(p) for p in confidence], [number(p) for p in share_right]],
            "ofLabel": errors(probabilities[:, label], references == label, bins, strategy),
            "ofTop": errors(sure, references == top, bins, strategy),
        }
    )

versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
print(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")))
