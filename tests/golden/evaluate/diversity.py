"""Writes diversity.json: measures of variety of the shared texts, written here straight from their definitions; self-BLEU is
nltk's sentence_bleu against every other text.

    python diversity.py > diversity.json

Corpora are slices of the predictions, so that there are many of them, some tiny, some with empty texts.
"""

import gzip
import json
import math
import random
from collections import Counter

import nltk
import numpy
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from texts import rows
from words import words

ORDER = 4
ROWS = rows()
TEXTS = [row["prediction"] for row in ROWS]
TOKENS = [words(text) for text in TEXTS]


def grams(tokens, n):
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def distinct(corpus, n):
    every = [g for tokens in corpus for g in grams(tokens, n)]
    return len(set(every)) / len(every) if every else 0.0


def repetition(tokens, n):
    own = grams(tokens, n)
    return 1 - len(Counter(own)) / len(own) if own else None


def novel(tokens, source, n):
    own = {" ".join(g) for g in grams(tokens, n)}
    there = {" ".join(g) for g in grams(source, n)}
    return sum(g not in there for g in own) / len(own) if own else None


def self_bleu(corpus, order):
    smoothing = SmoothingFunction().method1
    weights = [1 / order] * order
    return [
        sentence_bleu(corpus[:i] + corpus[i + 1 :], tokens, weights, smoothing_function=smoothing)
        for i, tokens in enumerate(corpus)
    ]


def token_repetition(predicted, targets, window):
    rep = wrong = 0
    for t in range(len(targets)):
        if predicted[t] in targets[max(0, t - window) : t]:
            rep += 1
            wrong += predicted[t] != targets[t]
    return rep, wrong


def length_ratio(subset):
    mine = closest = 0
    for i in subset:
        own = len(TOKENS[i])
        lengths = sorted(len(words(reference)) for reference in ROWS[i]["references"])
        mine += own
        closest += min(lengths, key=lambda length: abs(length - own))
    return mine / closest if closest else None


def summary(lengths):
    return [
        float(f(lengths))
        for f in [numpy.mean, numpy.std, numpy.min, numpy.median, lambda x: numpy.quantile(x, 0.95), numpy.max]
    ]


rng = random.Random(9)
corpora = []
for _ in range(500):
    begin = rng.randrange(0, len(TEXTS) - 1)
    end = min(len(TEXTS), begin + rng.choice([1, 2, 2, 3, 5, 8, 13]))
    order = rng.choice([1, 2, 3, 4, 5])
    part = TOKENS[begin:end]
    ratio = length_ratio(range(begin, end))
    corpora.append(
        {
            "begin": begin,
            "end": end,
            "order": order,
            "distinct": [distinct(part, n + 1) for n in range(order)],
            "selfBleu": self_bleu(part, order) if end - begin > 1 else None,
            "lengthRatio": ratio,
        }
    )
streams = []
for case in range(500):
    size = rng.choice([2, 3, 5, 20])
    targets = [rng.randrange(size) for _ in range(rng.randrange(0, 30))]
    predicted = [t if rng.random() < 0.4 else rng.randrange(size) for t in targets]
    window = rng.choice([1, 2, 4, 16])
    streams.append([targets, predicted, window, *token_repetition(predicted, targets, window)])
out = {
    "versions": {"nltk": nltk.__version__, "numpy": numpy.__version__},
    "repetition": [[repetition(tokens, n + 1) for n in range(ORDER)] for tokens in TOKENS],
    "novel": [
        [novel(tokens, words(row["references"][0]), n + 1) for n in range(ORDER)] for tokens, row in zip(TOKENS, ROWS)
    ],
    "corpora": corpora,
    "selfBleuOfAll": math.fsum(self_bleu(TOKENS, 4)) / len(TOKENS),
    "words": summary([len(tokens) for tokens in TOKENS]),
    "characters": summary([len(text) for text in TEXTS]),
    "gzipRatio": len("\n".join(TEXTS).encode()) / len(gzip.compress("\n".join(TEXTS).encode(), 6)),
    "tokenRepetition": streams,
}
print(json.dumps(out, separators=(",", ":")))
