"""Exact match and F1 by SQuAD's scripts, for the texts of texts.py and for short answers made here:

    python question_answering.py > question_answering.json

Version 1.1 is the script that allennlp 0.9 carries as allennlp/tools/squad_eval.py ("Official evaluation script for v1.1 of the SQuAD
dataset"), version 2.0 what transformers 4 has in transformers.data.metrics.squad_metrics. Cases: the rows of texts.json, then
"answers" (prediction, references). Under version 2.0 every third case has no answer, of others only references that are not
empty count; case i has none with probability (i * 37 % 101) / 100, times 0.6 where it has one.
"""

import collections
import importlib.metadata
import importlib.util
import json
import os
import random

import texts
from transformers.data.metrics import squad_metrics

# Its package is not imported: it needs much that the script does not.
path = os.path.join(importlib.util.find_spec("allennlp").submodule_search_locations[0], "tools", "squad_eval.py")
spec = importlib.util.spec_from_file_location("squad_eval", path)
squad_v1 = importlib.util.module_from_spec(spec)
spec.loader.exec_module(squad_v1)

rng = random.Random(11)
PIECES = """the The a an A AN apple Paris 1889 42 U.S.A. don't it's rock'n'roll theory another anthem théâtre the² ½a aé éa a\u0301
a-b the-end (the) "a" _a_ İstanbul ΣΑΣ Σ ß STRASSE 東京 the東京 а the٣ 😀 the😀 $5 5% . , ! — “the” ’a’ «an» … x""".split()
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\x1c", "\x85", "\u00a0", "\u2009", "\u3000", "\ufeff", "\u200b", "", "-", "_"]


def phrase(longest):
    text = ""
    for _ in range(rng.randint(0, longest)):
        text += rng.choice(PIECES) + rng.choice(SPACES)
    return text


def answer_case():
    references = [phrase(5) for _ in range(rng.choice([1, 1, 2, 3]))]
    prediction = phrase(5)
    kind = rng.randrange(4)
    if kind == 0:
        prediction = "The " + rng.choice(references) + "."
    elif kind == 1:
        prediction = " ".join(rng.sample(references[0].split(), len(references[0].split())))
    elif kind == 2:
        prediction = rng.choice(references).replace("the", "").upper()
    return [prediction, references]


answers = [answer_case() for _ in range(600)]
cases = [[row["prediction"], row["references"]] for row in texts.rows()] + answers
n = len(cases)
best = squad_v1.metric_max_over_ground_truths
v1 = [[int(best(squad_v1.exact_match_score, p, r)), float(best(squad_v1.f1_score, p, r))] for p, r in cases]
dataset = [{"paragraphs": [{"qas": [{"id": i, "answers": [{"text": t} for t in r]} for i, (p, r) in enumerate(cases)]}]}]
predictions = {i: p for i, (p, r) in enumerate(cases)}

Example = collections.namedtuple("Example", "qas_id answers")
examples = [Example(i, [{"text": t} for t in r if t] if i % 3 else []) for i, (p, r) in enumerate(cases)]
probabilities = {i: (i * 37 % 101) / 100 * (0.6 if example.answers else 1) for i, example in enumerate(examples)}
exact, f1 = squad_metrics.get_raw_scores(examples, predictions)
json.dump(
    {
        "versions": {name: importlib.metadata.version(name) for name in ["allennlp", "transformers"]},
        "answers": answers,
        "v1": v1,
        "v1All": squad_v1.evaluate(dataset, predictions),
        "v2": [[exact[i], float(f1[i])] for i in range(n)],
        "v2All": squad_metrics.squad_evaluate(examples, predictions, probabilities),
        "v2Threshold": squad_metrics.squad_evaluate(examples, predictions, probabilities, 0.6),
        "normalized": [squad_metrics.normalize_answer(p) for p, r in answers],
    },
    open("/dev/stdout", "w"),
    ensure_ascii=False,
    separators=(",", ":"),
)
