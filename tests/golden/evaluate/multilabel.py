"""Writes multilabel.json: random sets of labels and scores of labels, scored by scikit-learn.

    python multilabel.py > multilabel.json

Cells are digits, row by row. Weights are digits divided by 10. NaN is null; what is undefined, and an error here, is "error".
Jaccard's index is scored with zero division 0 where the rest has NaN, which it does not take.
"""

import json
import math
import warnings

import numpy
import sklearn
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    coverage_error,
    hamming_loss,
    jaccard_score,
    label_ranking_average_precision_score,
    label_ranking_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(23)
AVERAGES = ["micro", "macro", "weighted", "samples"]


def number(value):
    value = float(value)
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.12g}")


def areas(truth, scores, weights):
    """Areas under ROC and precision-recall curves; an area of a part without true cells is an error here."""
    found = {}
    counted = truth if weights is None else truth * (weights[:, None] > 0)
    rows = truth if weights is None else truth[weights > 0]
    lacking = {
        "micro": counted.sum() == 0,
        "macro": (counted.sum(axis=0) == 0).any(),
        "weighted": counted.sum() == 0,
        "samples": (rows.sum(axis=1) == 0).any(),
    }
    for average in AVERAGES:
        options = {"average": average, "sample_weight": weights}
        area = number(roc_auc_score(truth, scores, **options))
        found[f"auc {average}"] = "error" if area is None or lacking[average] else area
        found[f"ap {average}"] = (
            "error" if lacking[average] else number(average_precision_score(truth, scores, **options))
        )
    return found


cases = []
for case in range(520):
    size = int(random.integers(2, 5))
    n = int(random.integers(1, 12))
    truth = (random.random((n, size)) < [0.5, 0.2, 0.8][case % 3]).astype(int)
    flipped = random.random((n, size)) < [0.1, 0.5, 0.3][case // 3 % 3]
    predicted = numpy.where(flipped, 1 - truth, truth)
    if case % 20 == 0:
        predicted[:] = 0
    if case % 20 == 1:
        truth[:, 0] = 0
    scores = random.integers(0, [2, 5, 10][case % 3], (n, size))
    if case % 2:
        scores = numpy.minimum(9, scores + 3 * truth)
    beta = [0.5, 1, 2, 0, math.inf, 0.3][case % 6]
    zero_division = [0, 1, math.nan][random.integers(3)]
    subset = [int(k) for k in random.permutation(size)[: random.integers(1, size + 1)]] if case % 4 == 0 else None
    weights = random.integers(0, 10, n) if case % 5 < 2 else None
    if weights is not None and weights.sum() == 0:
        weights[0] = 3
    shares = None if weights is None else weights / 10
    options = {"labels": subset, "sample_weight": shares, "zero_division": zero_division}
    of_jaccard = {**options, "zero_division": 0 if math.isnan(zero_division) else zero_division}
    per_label = precision_recall_fscore_support(truth, predicted, beta=beta, average=None, **options)
    cases.append(
        {
            "size": size,
            "truth": "".join(map(str, truth.ravel())),
            "predicted": "".join(map(str, predicted.ravel())),
            "scores": "".join(map(str, scores.ravel())),
            "beta": None if math.isinf(beta) else beta,
            "zeroDivision": number(zero_division),
            "subset": subset,
            "weights": None if weights is None else "".join(map(str, weights)),
            "f": {
                average: [
                    number(value)
                    for value in precision_recall_fscore_support(
                        truth, predicted, beta=beta, average=average, **options
                    )[:3]
                ]
                for average in AVERAGES
            },
            "perLabel": [[number(value) for value in row] for row in zip(*per_label)],
            "jaccard": {
                average: number(jaccard_score(truth, predicted, average=average, **of_jaccard))
                for average in AVERAGES
            },
            "jaccardPerLabel": [
                number(value) for value in jaccard_score(truth, predicted, average=None, **of_jaccard)
            ],
            "subsetAccuracy": number(accuracy_score(truth, predicted, sample_weight=shares)),
            "hamming": number(hamming_loss(truth, predicted, sample_weight=shares)),
            "coverage": number(coverage_error(truth, scores, sample_weight=shares)),
            "rankingPrecision": number(
                label_ranking_average_precision_score(truth, scores, sample_weight=shares)
            ),
            "rankingLoss": number(label_ranking_loss(truth, scores, sample_weight=shares)),
            "areas": areas(truth, scores, shares),
        }
    )

versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
print(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")))
