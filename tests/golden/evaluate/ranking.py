"""Writes ranking.json: random runs scored by pytrec_eval (trec_eval in C) and ranx, random scores by scikit-learn.

    python ranking.py > ranking.json

"runs" are tables of queries, each [run, qrels, least relevance, trec_eval's values, ranx's values] by TREC and RANX; null where one was not asked. "scored" are [relevance, scores, values] with scikit-learn's dcg and ndcg whole and at K; "exponential" is the same
with gains of 2^r - 1.
"""

import importlib.metadata
import json
import random
import warnings

import numpy
import pytrec_eval
import ranx
from sklearn.metrics import dcg_score, ndcg_score

warnings.filterwarnings("ignore")
rng = random.Random(8)
K = [1, 3, 5, 10]
IDS = list("abcdefghijklmnop") + ["doc-10", "doc-9", "é", "😀", "\uffee", "A"]
TREC = (["recip_rank", "map", "Rprec", "ndcg"]
        + [f"{name}_{k}" for k in K for name in ["map_cut", "ndcg_cut", "P", "recall", "success"]])
RANX = (["mrr", "map", "r-precision", "ndcg", "ndcg_burges"]
        + [f"{name}@{k}" for k in K for name in ["mrr", "map", "ndcg", "dcg", "precision", "recall", "hit_rate", "ndcg_burges"]])


def rounded(value):
    return float(f"{value:.13g}") + 0.0 if value != int(value) else int(value)


runs = []
for number in range(520):
    level = 2 if number % 6 == 5 else 1
    grades = rng.choice([[0, 1], [0, 0, 1, 2, 3], [0, 1, 1, 4], [-1, 0, 1, 2]])
    qrels = {d: rng.choice(grades) for d in rng.sample(IDS, rng.choice([1, 2, 4, 8, 14]))}
    if number % 15 == 0 or max(qrels.values()) < 0:  # trec_eval does not end where all are below 0
        qrels = {d: 0 for d in qrels}
    docs = rng.sample(IDS, rng.choice([1, 2, 5, 12, 22]))
    tied = number % 3 == 0
    run = {d: float(rng.randint(0, 3)) if tied else round(rng.gauss(0, 2), 4) for d in docs}
    trec = pytrec_eval.RelevanceEvaluator(
        {"q": qrels}, {"recip_rank", "map", "Rprec", "ndcg", *(f"{m}.1,3,5,10" for m in ["map_cut", "ndcg_cut", "P", "recall", "success"])},
        relevance_level=level,
    ).evaluate({"q": run})["q"]
    case = [run, qrels, level, [rounded(trec[name]) for name in TREC], None]
    runs.append(case)
# ranx breaks ties as it happens to, and has no relevances below 0
known = [i for i, (run, qrels, level, *_) in enumerate(runs)
         if len(set(run.values())) == len(run) and level == 1 and min(qrels.values()) >= 0]
while len(known) < 510:
    qrels = {d: rng.choice([0, 1, 2]) for d in rng.sample(IDS, rng.choice([1, 2, 4, 8]))}
    run = {d: round(rng.gauss(0, 2), 4) for d in rng.sample(IDS, rng.choice([1, 2, 5, 12]))}
    if len(set(run.values())) == len(run):
        known.append(len(runs))
        runs.append([run, qrels, 1, None, None])
names = [f"q{i:04}" for i in known]
scores = ranx.evaluate(
    ranx.Qrels({name: runs[i][1] for name, i in zip(names, known)}),
    ranx.Run({name: runs[i][0] for name, i in zip(names, known)}), RANX, return_mean=False)
for q, i in enumerate(known):
    runs[i][4] = [rounded(float(scores[name][q])) for name in RANX]

scored = []
for number in range(520):
    n = rng.choice([2, 2, 3, 5, 8, 12])
    relevance = [float(rng.choice([0, 0, 1, 2, 3, 0.5])) for _ in range(n)] if number % 12 else [0.0] * n
    scores = [float(rng.randint(-1, 2)) for _ in range(n)] if number % 2 else [round(rng.gauss(0, 1), 3) for _ in range(n)]
    gains = [[relevance], [[2**r - 1 for r in relevance]]]
    values = [[rounded(metric(g, [scores], k=k)) for k in [None] + K for metric in (dcg_score, ndcg_score)] for g in gains]
    scored.append([relevance, scores, *values])

versions = {name: importlib.metadata.version(name) for name in ["pytrec-eval-terrier", "ranx", "scikit-learn", "numpy"]}
print(json.dumps({"versions": versions, "trec": TREC, "ranx": RANX, "runs": runs, "scored": scored}, ensure_ascii=False, separators=(",", ":")))
