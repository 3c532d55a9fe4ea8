"""Writes auc.json: areas under ROC curves by scikit-learn, and DeLong's variances from the whole matrix of pairs.

    python auc.py > auc.json

Scores are integers divided by `scale`; a row's probabilities are its digits in `shares` divided by their sum. What is
undefined, and an error here, is "error".
"""

import json
import math
import warnings

import numpy
import scipy
import sklearn
from curves import binary, random, shown
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import label_binarize

warnings.filterwarnings("ignore")


def number(value):
    value = float(value)
    if not math.isfinite(value):
        return "error"
    return int(value) if value.is_integer() else float(f"{value:.13g}")


def delong(references, columns):
    """Areas of the columns of scores and their covariance, as DeLong et al. (1988) write them: O(m n) time and memory."""
    areas, of_positives, of_negatives = [], [], []
    for scores in columns:
        x, y = scores[references == 1][:, None], scores[references == 0][None, :]
        kernel = (x > y) + 0.5 * (x == y)
        areas.append(kernel.mean())
        of_positives.append(kernel.mean(axis=1))
        of_negatives.append(kernel.mean(axis=0))
    m, n = (references == 1).sum(), (references == 0).sum()
    covariance = numpy.cov(of_positives) / m + numpy.cov(of_negatives) / n
    return areas, covariance


def compared(references, first, second):
    areas, covariance = delong(references, [first, second])
    difference = areas[0] - areas[1]
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    wanted = {"areas": [number(a) for a in areas], "variances": [number(covariance[i, i]) for i in [0, 1]]}
    wanted["variance"] = number(variance) if variance > 1e-12 else 0
    if variance > 1e-12:
        z = difference / math.sqrt(variance)
        wanted["p"] = number(2 * scipy.stats.norm.sf(abs(z)))
    return wanted


def multiclass(case):
    size = int(random.integers(2, 6))
    n = int(random.integers(2, 25))
    present = random.permutation(size)[: random.integers(1, size + 1) if case % 3 == 0 else size]
    references = random.choice(present, n)
    shares = random.integers(0, 10, (n, size))
    if case % 2:
        shares[numpy.arange(n), references] = random.integers(3, 10, n)
    shares[shares.sum(axis=1) == 0, 0] = 1
    probabilities = shares / shares.sum(axis=1, keepdims=True)
    weights = random.integers(0, 10, n) if case % 4 == 1 else None
    if weights is not None and weights.sum() == 0:
        weights[0] = 1
    labels = list(range(size))
    truth = label_binarize(references, classes=labels)
    if size == 2:
        truth = numpy.hstack([1 - truth, truth])
    counted = truth if weights is None else truth * (weights[:, None] > 0)
    wanted = {}
    for average in ["macro", "weighted", "micro"]:
        # one against the rest is what indicator matrices are scored by, and those may have two columns
        area = roc_auc_score(truth, probabilities, average=average, sample_weight=weights)
        if size > 2:
            same = roc_auc_score(
                references,
                probabilities,
                average=average,
                multi_class="ovr",
                labels=labels,
                sample_weight=weights,
            )
            assert math.isclose(area, same) or math.isnan(area) and math.isnan(same)
        wanted[f"ovr {average}"] = number(area)
        precision = average_precision_score(truth, probabilities, average=average, sample_weight=weights)
        absent = average == "macro" and (counted.sum(axis=0) == 0).any()
        wanted[f"ap {average}"] = "error" if absent else number(precision)
        if size > 2 and average != "micro" and weights is None:
            if len(set(references)) > 1:
                area = roc_auc_score(
                    references, probabilities, average=average, multi_class="ovo", labels=labels
                )
            else:
                area = math.nan
            wanted[f"ovo {average}"] = number(area)
    return {
        "size": size,
        "references": "".join(map(str, references)),
        "shares": "".join(map(str, shares.ravel())),
        "weights": None if weights is None else "".join(map(str, weights)),
        "wanted": wanted,
    }


cases = []
for case in range(520):
    references, scores, scale, weights = binary(case, 40)
    given = scores / scale
    wanted = {**shown(references, scores, scale, weights), "maxFpr": float(random.integers(1, 20)) / 20}
    wanted["auc"] = number(roc_auc_score(references, given, sample_weight=weights))
    wanted["partial"] = number(
        roc_auc_score(references, given, sample_weight=weights, max_fpr=wanted["maxFpr"])
    )
    second = scores + random.integers(-3, 4, len(scores)) * (random.random(len(scores)) < 0.5)
    if min(references.sum(), len(references) - references.sum()) >= 2:
        wanted["second"] = second.tolist()
        wanted["delong"] = compared(references, given, second / scale)
    else:
        wanted["delong"] = "error"
    wanted["multiclass"] = multiclass(case)
    cases.append(wanted)

versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__, "scipy": scipy.__version__}
print(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")))
