"""Writes averages.json: the label columns of classification.py, scored by scikit-learn under one random choice of beta, zero
division, subset of labels and sample weights each.

    python averages.py > averages.json

Weights are the digits of `weights` divided by 10. NaN is null; what an error is said to be here is "error". Jaccard's index
is scored with zero division 0 where the rest has NaN, which it does not take.
"""

import json
import math
import warnings

import numpy
import sklearn
from classification import choice, columns, number, random
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    jaccard_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
    top_k_accuracy_score,
    zero_one_loss,
)

warnings.filterwarnings("ignore")


def scored(case, size, references, predictions):
    """The same rows under one choice of options."""
    n = len(references)
    beta = [0.5, 1, 2, 0, math.inf, 0.3][case % 6]
    zero_division = [0, 1, math.nan][random.integers(3)]
    subset, weights = choice(case, size, n)
    shares = None if weights is None else weights / 10
    shared = {"sample_weight": shares}
    options = {"labels": subset, "zero_division": zero_division, **shared}
    averages = ["micro", "macro", "weighted"]
    f_scores, jaccards = {}, {}
    of_jaccard = {"zero_division": 0 if math.isnan(zero_division) else zero_division}  # which takes no NaN
    for average in averages + (["binary"] if size == 2 else []):
        chosen = {**options, "pos_label": 1, "labels": None} if average == "binary" else options
        f_scores[average] = [
            number(value)
            for value in precision_recall_fscore_support(
                references, predictions, beta=beta, average=average, **chosen
            )[:3]
        ]
        jaccards[average] = number(jaccard_score(references, predictions, average=average, **chosen | of_jaccard))
    per_class = precision_recall_fscore_support(references, predictions, beta=beta, average=None, **options)
    wanted = {
        "beta": None if math.isinf(beta) else beta,
        "zeroDivision": number(zero_division),
        "subset": subset,
        "f": f_scores,
        "perClass": [[number(value) for value in row] for row in zip(*per_class)],
        "jaccard": jaccards,
        "jaccardPerClass": [
            number(value) for value in jaccard_score(references, predictions, average=None, **options | of_jaccard)
        ],
        "accuracy": number(accuracy_score(references, predictions, **shared)),
        "zeroOne": [
            number(zero_one_loss(references, predictions, normalize=normalize, **shared))
            for normalize in [True, False]
        ],
        "balanced": number(balanced_accuracy_score(references, predictions, **shared)),
        "matthews": number(matthews_corrcoef(references, predictions, **shared)),
    }
    adjusted = balanced_accuracy_score(references, predictions, adjusted=True, **shared)
    wanted["adjusted"] = number(adjusted) if math.isfinite(adjusted) else "error"
    if weights is not None:
        wanted["weights"] = "".join(map(str, weights))
    columns = max(size, 3)  # with two, scikit-learn wants one score a row
    k = int(random.integers(1, columns + 1))
    scores = random.integers(0, 4, (n, columns))  # many ties
    wanted["topK"] = {
        "k": k,
        "scores": "".join(map(str, scores.ravel())),
        "value": number(top_k_accuracy_score(references, scores, k=k, labels=list(range(columns)), **shared)),
    }
    return wanted


cases = []
for case in range(520):
    size, references, predictions = columns(case)
    cases.append(
        {
            "size": size,
            "references": "".join(map(str, references)),
            "predictions": "".join(map(str, predictions)),
            **scored(case, size, references, predictions),
        }
    )

versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
print(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")))
