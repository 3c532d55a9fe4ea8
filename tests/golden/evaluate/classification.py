"""Writes classification.json: random label columns scored by scikit-learn.

    python classification.py > classification.json

Each case has the scores of a report (all labels, zero division 0), and a confusion matrix under one random choice of
normalisation, subset of labels and sample weights. Weights are the digits of `weights` divided by 10. What an error is said
to be here is "error".
"""

import json
import math
import warnings

import numpy
import sklearn
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(20)


def number(value):
    value = float(value)
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.12g}")


def columns(case):
    """References and predictions of one case; every kind of absence gets its share."""
    size = int(random.integers(1, 7))
    n = int(random.integers(1, 30))
    present = random.permutation(size)[: random.integers(1, size + 1) if case % 3 else size]
    guessed = random.permutation(size)[: random.integers(1, size + 1)]
    if case % 10 == 0:  # all rows one class
        present = guessed = present[:1]
    references = random.choice(present, n)
    predictions = random.choice(guessed, n)
    if case % 2:
        kept = random.random(n) < random.random()
        predictions = numpy.where(kept, references, predictions)
    return size, references, predictions


def report(size, references, predictions):
    labels = list(range(size))
    scores = [
        accuracy_score(references, predictions),
        balanced_accuracy_score(references, predictions),
        matthews_corrcoef(references, predictions),
    ]
    for average in ["macro", "weighted"]:
        scores += precision_recall_fscore_support(
            references, predictions, labels=labels, average=average, zero_division=0
        )[:3]
    per_class = precision_recall_fscore_support(
        references, predictions, labels=labels, average=None, zero_division=0
    )
    return {
        "averages": [number(score) for score in scores],
        "perClass": [[number(value) for value in row] for row in zip(*per_class)],
        "confusion": confusion_matrix(references, predictions, labels=labels).tolist(),
    }


def choice(case, size, n):
    """A subset of the labels, and weights."""
    subset = None
    if case % 3 == 0:
        subset = [int(k) for k in random.permutation(size)[: random.integers(1, size + 1)]]
    elif case % 3 == 1:
        subset = list(range(size))
    weights = random.integers(0, 10, n) if case % 4 < 2 else None
    if weights is not None and weights.sum() == 0:
        weights[0] = 3
    return subset, weights


def matrix(case, size, references, predictions):
    """The confusion matrix under one choice of options."""
    subset, weights = choice(case, size, len(references))
    shares = None if weights is None else weights / 10
    try:
        found = confusion_matrix(
            references,
            predictions,
            labels=subset or list(range(size)),
            normalize=["true", "pred", "all", None][case % 4],
            sample_weight=shares,
        )
        found = [[number(value) for value in row] for row in found]
    except ValueError:
        found = "error"
    return {"subset": subset, "weights": weights if weights is None else "".join(map(str, weights)), "confusion": found}


if __name__ == "__main__":
    cases = []
    for case in range(520):
        size, references, predictions = columns(case)
        cases.append(
            {
                "size": size,
                "references": "".join(map(str, references)),
                "predictions": "".join(map(str, predictions)),
                **report(size, references, predictions),
                "matrix": matrix(case, size, references, predictions),
            }
        )
    versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
    print(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")))
