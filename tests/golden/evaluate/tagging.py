"""Writes tagging.json: random tag sequences scored by seqeval, well-formed and not, in every scheme and mode.

    python tagging.py > tagging.json

A case's sentences are joined by "|", their tags by spaces. "scores" is precision, recall and F1 of micro, macro and weighted
average, then the accuracy; null where seqeval gives NaN. "types" has [type, precision, recall, F1, support]. "entities" are
those of the references: leniently (type, start, one past the end) with an "O" after every sentence, strictly with the sentence
before. "text" is the report. Some cases lack either.
"""

import json
import math
import random
import warnings

import importlib.metadata
import seqeval.scheme
from seqeval.metrics import accuracy_score, classification_report
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as lenient
from seqeval.metrics.v1 import precision_recall_fscore_support as strict
from seqeval.scheme import Entities

warnings.filterwarnings("ignore")
rng = random.Random(11)
SCHEMES = {"IOB1": "IOB", "IOB2": "IOB", "IOE1": "IOE", "IOE2": "IOE", "IOBES": "IOBES", "BILOU": "BILOU"}
TYPES = ["PER", "LOC", "ORG-x", "é", "😀", "\uffee", "a-b-c"]
ODD = ["B", "I", "E", "S", "L", "U", ".", "X", "-", "B-", "B--PER", "BPER", "I_PER", "X-PER", "X-LOC", ".-PER", "O-PER", "L-PER",
       "U-PER", "U-LOC", "b-PER", "PER", "😀-PER", "é", "B-PER-", "B-PER-LOC", "S-PER", "E-PER", "I-PER", "B-PER", "I-LOC", "E-LOC",
       "PER-B", "PER-I", "A-PER-B", "-PER-I", "PERB", "LOC-E", "LOC-S", "PER-", "LOC-X", "LOC-U"]


def encode(length, spans, scheme):
    """Tags of spans (type, start, end), by the scheme's definition."""
    tags = ["O"] * length
    for at, (kind, start, end) in enumerate(spans):
        before = at > 0 and spans[at - 1][0] == kind and spans[at - 1][2] == start
        after = at + 1 < len(spans) and spans[at + 1][0] == kind and spans[at + 1][1] == end
        for i in range(start, end):
            first, last = i == start, i == end - 1
            letter = {
                "IOB1": "B" if first and before else "I",
                "IOB2": "B" if first else "I",
                "IOE1": "E" if last and after else "I",
                "IOE2": "E" if last else "I",
                "IOBES": "S" if first and last else "B" if first else "E" if last else "I",
                "BILOU": "U" if first and last else "B" if first else "L" if last else "I",
            }[scheme]
            tags[i] = f"{letter}-{kind}"
    return tags


def sentence(scheme, types):
    length = rng.choice([0, 1, 2, 3, 5, 8, 8, 10])
    spans, at = [], 0
    while at < length:
        if rng.random() < 0.4:
            at += 1
            continue
        end = min(length, at + rng.choice([1, 1, 2, 3]))
        spans.append((rng.choice(types), at, end))
        at = end
    return encode(length, spans, scheme)


def noisy(tags, scheme, types, rate):
    """Some tags replaced by any of the scheme: the result is mostly malformed."""
    any_tag = lambda: "O" if rng.random() < 0.3 else f"{rng.choice(SCHEMES[scheme])}-{rng.choice(types)}"
    return [any_tag() if rng.random() < rate else tag for tag in tags]


def swap(tags):
    return [tag if len(tag) == 1 else "-".join([tag[2:], tag[0]]) for tag in tags]


def write(sentences):
    return "|".join(" ".join(tags) for tags in sentences)


def finite(value):
    value = round(float(value), 13)
    return None if math.isnan(value) else int(value) if value == int(value) else value


def score(mode, scheme, references, predictions, suffix, zero):
    if mode == "strict":
        kind = getattr(seqeval.scheme, scheme)
        call = lambda average: strict(references, predictions, average=average, scheme=kind, suffix=suffix, zero_division=zero)
        found = Entities(references, kind, suffix)
        names = sorted(found.unique_tags | Entities(predictions, kind, suffix).unique_tags)
        entities = [[e.sent_id, e.tag, e.start, e.end] for row in found.entities for e in row]
    else:
        call = lambda average: lenient(references, predictions, average=average, suffix=suffix, zero_division=zero)
        names = sorted({e[0] for e in get_entities(references, suffix)} | {e[0] for e in get_entities(predictions, suffix)})
        entities = [[kind, start, end + 1] for kind, start, end in get_entities(references, suffix)]
    averages = [finite(v) for average in ["micro", "macro", "weighted"] for v in call(average)[:3]]
    types = [[name, *map(finite, row[:3]), int(row[3])] for name, row in zip(names, zip(*call(None)))]
    return {"scores": averages + [finite(accuracy_score(references, predictions))], "types": types, "entities": entities}


cases = []


def add(mode, scheme, references, predictions, suffix, zero):
    if not any(references):
        return
    case = {"mode": mode, "scheme": scheme, "suffix": int(suffix), "zero": zero}
    case |= {"references": write(references), "predictions": write(predictions)}
    case |= score(mode, scheme, references, predictions, suffix, zero)
    if len(cases) % 3:
        del case["entities"]
    if len(cases) % 8 == 0 and case["types"]:
        case["digits"] = rng.choice([2, 2, 3, 4, 0, 14])
        case["text"] = classification_report(
            references, predictions, mode=mode if mode == "strict" else None, suffix=suffix, zero_division=zero,
            scheme=getattr(seqeval.scheme, scheme) if scheme else None, digits=case["digits"],
        )
    cases.append(case)


for scheme in SCHEMES:
    for mode in ["lenient", "strict"]:
        for number in range(60):
            types = rng.sample(TYPES, rng.choice([1, 2, 2, 4]))
            references = [sentence(scheme, types) for _ in range(rng.choice([1, 2, 4]))]
            if number % 3 == 0:
                references = [noisy(tags, scheme, types, 0.4) for tags in references]
            rate = rng.choice([0, 0.1, 0.3, 1]) if number % 10 else 0
            predictions = [noisy(tags, scheme, types, rate) for tags in references]
            if number % 13 == 0:
                predictions = [["O"] * len(tags) for tags in predictions]
            suffix = number % 4 == 1
            if suffix:
                references, predictions = [[swap(tags) for tags in rows] for rows in (references, predictions)]
            add(mode, scheme, references, predictions, suffix, int(number % 5 == 2))
for number in range(300):
    pick = ODD if number % 2 else ["O"] + rng.sample(ODD, 6)
    shape = [rng.choice([0, 1, 3, 6]) for _ in range(rng.choice([1, 2, 4]))]
    references = [[rng.choice(pick) for _ in range(length)] for length in shape]
    predictions = [[tag if rng.random() < 0.6 else rng.choice(pick) for tag in tags] for tags in references]
    add("lenient", None, references, predictions, number % 3 == 0, number % 2)

versions = {name: importlib.metadata.version(name) for name in ["seqeval", "numpy", "scikit-learn"]}
print(json.dumps({"versions": versions, "cases": cases}, ensure_ascii=False, separators=(",", ":")))
