"""Writes curves.json: ROC and precision-recall curves by scikit-learn, and the best thresholds by trying all.

    python curves.py > curves.json

Scores are integers divided by `scale`. What an error is said to be here is "error".
"""

import json
import math
import warnings

import numpy
import sklearn
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(22)


def number(value):
    value = float(value)
    if math.isinf(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.12g}")


def numbers(values):
    return [number(value) for value in values]


def binary(case, most):
    """References, whole scores, their scale, and weights; ties, order and absence in all amounts."""
    n = int(random.integers(1, most))
    references = (random.random(n) < [0.5, 0.2, 0.8][case % 3]).astype(int)
    spread = [2, 4, 20, 1000][case % 4]
    scores = random.integers(-spread, spread + 1, n)
    if case % 5 == 0:
        scores += references * spread  # told apart well
    if case % 41 == 0:
        scores[:] = 3
    scale = [1, 8, 10, 1000][case // 4 % 4]
    weights = random.integers(0, 10, n) if case % 3 == 1 else None
    if weights is not None and weights.sum() == 0:
        weights[0] = 1
    return references, scores, scale, weights


def shown(references, scores, scale, weights):
    return {
        "references": "".join(map(str, references)),
        "scores": scores.tolist(),
        "scale": scale,
        "weights": None if weights is None else "".join(map(str, weights)),
    }


def best_threshold(references, scores, weights, beta, precision):
    """Of the scores, the highest with the best F-beta, or the best recall at the precision."""
    weights = numpy.ones(len(scores)) if weights is None else weights
    best, choice = -1, None
    for threshold in sorted(set(scores[weights > 0]), reverse=True):
        called = scores >= threshold
        right = weights[called & (references == 1)].sum()
        p = right / weights[called].sum()
        r = right / weights[references == 1].sum()
        f = 0 if right == 0 else (1 + beta**2) * p * r / (beta**2 * p + r)
        gain = f if precision is None else r if p >= precision else -1
        if gain > best + 1e-12:
            best, choice = gain, [number(threshold), number(p), number(r), number(f)]
    return choice or "error"


if __name__ == "__main__":
    cases = []
    for case in range(520):
        references, scores, scale, weights = binary(case, 16)
        given = scores / scale
        drop = case % 2 == 0
        options = {"sample_weight": weights, "drop_intermediate": drop, "pos_label": 1}
        counted = references if weights is None else references[weights > 0]
        wanted = {**shown(references, scores, scale, weights), "drop": drop}
        if 0 < counted.sum() < len(counted):
            wanted["roc"] = [numbers(part) for part in roc_curve(references, given, **options)]
        else:
            wanted["roc"] = "error"
        if counted.sum() > 0:
            wanted["pr"] = [numbers(part) for part in precision_recall_curve(references, given, **options)]
            wanted["ap"] = number(average_precision_score(references, given, sample_weight=weights))
            beta = [1, 0.5, 2][case % 3]
            precision = float(random.integers(2, 11)) / 10
            wanted["beta"] = beta
            wanted["best"] = best_threshold(references, given, weights, beta, None)
            wanted["precision"] = precision
            wanted["atPrecision"] = best_threshold(references, given, weights, beta, precision)
        else:
            wanted["pr"] = "error"
        cases.append(wanted)

    versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
    print(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")))
