"""Writes classification.json: random label columns scored by scikit-learn.

    python classification.py > classification.json
"""

import json
import warnings

import numpy
import sklearn
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(20)


def columns(case):
    """References and predictions of one case; every kind of absence gets its share."""
    size = int(random.integers(1, 7))
    n = int(random.integers(1, 40))
    present = random.permutation(size)[: random.integers(1, size + 1)]
    guessed = random.permutation(size)[: random.integers(1, size + 1)]
    if case % 10 == 0:  # all rows one class
        present = guessed = present[:1]
    references = random.choice(present, n)
    predictions = random.choice(guessed, n)
    if case % 2:
        kept = random.random(n) < random.random()
        predictions = numpy.where(kept, references, predictions)
    return size, references, predictions


cases = []
for case in range(360):
    size, references, predictions = columns(case)
    labels = list(range(size))
    scores = {"accuracy": accuracy_score(references, predictions)}
    for average in ["micro", "macro", "weighted"]:
        precision, recall, f1, _ = precision_recall_fscore_support(
            references, predictions, labels=labels, average=average, zero_division=0
        )
        scores |= {f"{average}Precision": precision, f"{average}Recall": recall, f"{average}F1": f1}
    precision, recall, f1, support = precision_recall_fscore_support(
        references, predictions, labels=labels, average=None, zero_division=0
    )
    expected = {
        "averages": {name: float(value) for name, value in scores.items()},
        "perClass": [
            [float(p), float(r), float(f), int(s)] for p, r, f, s in zip(precision, recall, f1, support)
        ],
        "confusion": confusion_matrix(references, predictions, labels=labels).tolist(),
    }
    if size == 2:
        binary = precision_recall_fscore_support(
            references, predictions, labels=labels, pos_label=1, average="binary", zero_division=0
        )
        expected["binary"] = [float(value) for value in binary[:3]]
    cases.append(
        {
            "size": size,
            "references": "".join(map(str, references)),
            "predictions": "".join(map(str, predictions)),
            **expected,
        }
    )

versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
print(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")))
