"""Writes embeddings.json: vectors scored by sentence-transformers' evaluators in doubles, and by Wang and Isola's formulas in torch.

    python embeddings.py > embeddings.json

Vectors are not written: they come from `number`, which the test has, too. A case is [seed, n, width, values]; a fifth of the
pairs of vectors is a copy of an earlier pair, so there are ties.
"""

import importlib.metadata
import json
import math
import random
import warnings

import numpy
import torch
from sentence_transformers.sentence_transformer.evaluation import (
    BinaryClassificationEvaluator, EmbeddingSimilarityEvaluator, InformationRetrievalEvaluator)
from sentence_transformers.util import cos_sim, dot_score, euclidean_sim, manhattan_sim

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
rng = random.Random(12)
SIMILARITIES = ["cosine", "dot", "euclidean", "manhattan"]
PAIR = ["accuracy", "accuracy_threshold", "f1", "f1_threshold", "precision", "recall", "ap", "mcc"]
K = [1, 3, 10]
RETRIEVAL = ["accuracy@k", "precision@k", "recall@k", "ndcg@k", "mrr@k", "map@k"]


def mix(x):
    x &= 0xFFFFFFFF
    x ^= x >> 16
    x = x * 0x7FEB352D & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 0x846CA68B & 0xFFFFFFFF
    return x ^ x >> 16


def number(seed, i):
    """A multiple of 1/4096 in [-8, 8), exact in 32 bits."""
    return ((mix(seed * 65536 + i) & 0xFFFF) - 32768) / 4096


def matrix(seed, n, width):
    """Row 4 of every five is the first of them again."""
    rows = [[number(seed, row * width + i) for i in range(width)] for row in range(n)]
    return torch.tensor([rows[row - 4] if row % 5 == 4 else rows[row] for row in range(n)], dtype=torch.float64)


class Model:
    """Stands for a model: texts are indices, their vectors known."""

    similarity_fn_name = "cosine"

    class model_card_data:
        set_evaluation_metrics = staticmethod(lambda *_: None)

    def __init__(self, **tables):
        self.tables = tables

    def vectors(self, texts):
        return torch.stack([self.tables[text.split(":")[0]][int(text.split(":")[1])] for text in texts])

    def encode(self, texts, **_):
        return self.vectors(texts).numpy()

    def encode_query(self, texts, **_):
        return self.vectors(texts)

    encode_document = encode_query


def finite(value):
    value = float(value)
    return None if math.isnan(value) else float(f"{value:.14g}")


def texts(name, n):
    return [f"{name}:{row}" for row in range(n)]


sts, pairs, retrieval, spheres = [], [], [], []
for case in range(500):
    n, width = rng.choice([2, 3, 5, 8, 20]), rng.choice([1, 2, 3, 5, 9])
    a, b = matrix(3 * case, n, width), matrix(3 * case + 1, n, width)
    model = Model(a=a, b=b)
    scores = [mix(case * 1000 + row) % 6 for row in range(n)]
    found = EmbeddingSimilarityEvaluator(texts("a", n), texts("b", n), scores, similarity_fn_names=SIMILARITIES, write_csv=False)(model)
    constant_cosine = width == 1  # cosines are 1 and -1 there, but for rounding: not a case of the metric
    sts.append([case, n, width, [None if constant_cosine and name == "cosine" else finite(found[f"{kind}_{name}"])
                                 for name in SIMILARITIES for kind in ["pearson", "spearman"]]])

    labels = [mix(case * 1000 + row) % 2 for row in range(n)]
    labels[case % n] = 1
    if width > 1:
        found = BinaryClassificationEvaluator(texts("a", n), texts("b", n), labels, similarity_fn_names=SIMILARITIES,
                                              write_csv=False).compute_metrics(model)
        pairs.append([case, n, width, [finite(found[name][metric]) for name in SIMILARITIES for metric in PAIR]])

    normal = torch.nn.functional.normalize
    x, y, t, alpha = normal(a, dim=1), normal(b, dim=1), rng.choice([1, 2, 3]), rng.choice([1, 2])
    spheres.append([case, n, width, [alpha, finite((x - y).norm(p=2, dim=1).pow(alpha).mean()),
                                     t, finite(torch.pdist(x, p=2).pow(2).mul(-t).exp().mean().log())]])

    documents, queries = rng.choice([1, 4, 12, 40]), rng.choice([1, 2, 5])
    corpus, asked = matrix(3 * case, documents, width + 1), matrix(3 * case + 2, queries, width + 1)
    relevant = {f"q{q}": {f"{d:05}" for d in range(documents) if mix(case * 5000 + q * 50 + d) % 4 == 0} | {f"{q % documents:05}"}
                for q in range(queries)}
    evaluator = InformationRetrievalEvaluator(
        {f"q{q}": f"q:{q}" for q in range(queries)}, {f"{d:05}": f"d:{d}" for d in range(documents)}, relevant,
        accuracy_at_k=K, precision_recall_at_k=K, ndcg_at_k=K, mrr_at_k=K, map_at_k=K, write_csv=False,
        score_functions={"cosine": cos_sim, "dot": dot_score, "euclidean": euclidean_sim, "manhattan": manhattan_sim},
    )
    name = SIMILARITIES[case % 4]
    evaluator.score_functions = {name: evaluator.score_functions[name]}
    evaluator.score_function_names = [name]
    found = evaluator.compute_all_metrics(Model(q=asked, d=corpus))[name]
    retrieval.append([case, documents, width + 1, [queries, *(finite(found[metric][k]) for k in K for metric in RETRIEVAL)]])

versions = {name: importlib.metadata.version(name) for name in ["sentence-transformers", "torch", "scipy", "scikit-learn", "numpy"]}
print(json.dumps({"versions": versions, "similarities": SIMILARITIES, "pair": PAIR, "k": K, "retrievalNames": RETRIEVAL, "sts": sts,
                  "pairs": pairs, "retrieval": retrieval, "spheres": spheres}, separators=(",", ":")))
