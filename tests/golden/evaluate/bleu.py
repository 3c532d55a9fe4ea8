"""Golden values of BLEU and its tokenizers from sacrebleu, over texts.json and made-up runs of punctuation.

    python bleu.py > bleu.json
"""

import json
import random
import zlib

import sacrebleu
from sacrebleu.metrics import BLEU
from sacrebleu.metrics.bleu import _get_tokenizer

from texts import rows

ROWS = rows()
SLICES = [[0, 600], [150, 600], [0, 150], [0, 4], [40, 45]] + [[at, at + 50] for at in range(0, 600, 50)]

# options of ours beside sacrebleu's own
CONFIGS = [
    ({}, {}),
    ({"effectiveOrder": True}, {"effective_order": True}),
    ({"tokenizer": "intl"}, {"tokenize": "intl"}),
    ({"tokenizer": "intl", "effectiveOrder": True}, {"tokenize": "intl", "effective_order": True}),
    ({"tokenizer": "char"}, {"tokenize": "char"}),
    ({"tokenizer": "none", "effectiveOrder": True}, {"tokenize": "none", "effective_order": True}),
    ({"tokenizer": "zh", "effectiveOrder": True}, {"tokenize": "zh", "effective_order": True}),
    ({"smoothing": "floor"}, {"smooth_method": "floor"}),
    ({"smoothing": "floor", "smoothingValue": 0.015, "effectiveOrder": True}, {"smooth_method": "floor", "smooth_value": 0.015, "effective_order": True}),
    ({"smoothing": "add-k"}, {"smooth_method": "add-k"}),
    ({"smoothing": "add-k", "smoothingValue": 0.25, "effectiveOrder": True}, {"smooth_method": "add-k", "smooth_value": 0.25, "effective_order": True}),
    ({"smoothing": "none"}, {"smooth_method": "none"}),
    ({"smoothing": "none", "effectiveOrder": True}, {"smooth_method": "none", "effective_order": True}),
    ({"lowercase": True, "effectiveOrder": True}, {"lowercase": True, "effective_order": True}),
    ({"lowercase": True, "tokenizer": "intl", "smoothing": "add-k"}, {"lowercase": True, "tokenize": "intl", "smooth_method": "add-k"}),
    ({"maxOrder": 2}, {"max_ngram_order": 2}),
    ({"maxOrder": 7, "effectiveOrder": True, "tokenizer": "char"}, {"max_ngram_order": 7, "effective_order": True, "tokenize": "char"}),
]


def number(value):
    return float(f"{value:.14g}")


def streams(part):
    """sacrebleu's form: the first references of all rows, then the second ones, None where there is none."""
    most = max(len(row["references"]) for row in part)
    return [[row["references"][k] if k < len(row["references"]) else None for row in part] for k in range(most)]


def configs():
    for ours, theirs in CONFIGS:
        metric = BLEU(force=True, **theirs)
        sentences = [number(metric.sentence_score(row["prediction"], row["references"]).score) for row in ROWS]
        corpora = []
        for start, end in SLICES:
            part = ROWS[start:end]
            result = metric.corpus_score([row["prediction"] for row in part], streams(part))
            corpora.append(
                {
                    "score": number(result.score),
                    "counts": result.counts,
                    "totals": result.totals,
                    "precisions": [number(p) for p in result.precisions],
                    "brevityPenalty": number(result.bp),
                    "ratio": number(result.ratio),
                    "hypothesisLength": result.sys_len,
                    "referenceLength": result.ref_len,
                    "text": str(result),
                    "signature": str(metric.get_signature()),
                }
            )
        yield {"options": ours, "sentences": sentences, "corpora": corpora}


def fuzz(rng):
    """Short texts of the characters that the tokenizers' rules are about."""
    pieces = list("aé5.,..,-'5 ") + ["\n", "-\n", "$", "&amp;", "&lt;", "&amp;quot;", "<skipped>", "我", "，", "。", "٣", "½", "€", "\u3000", "\ufeff", "\x1f", "\u2019", "😀"]
    return "".join(rng.choice(pieces) for _ in range(rng.randint(1, 14)))


def crc(text):
    return f"{zlib.crc32(text.encode()):08x}"


def tokenizers():
    """Of each tokenizer, the checksum of each text's tokens joined by spaces."""
    rng = random.Random(11)
    made = [fuzz(rng) for _ in range(600)]
    texts = [row["prediction"] for row in ROWS] + made
    names = ["13a", "intl", "char", "none", "zh"]
    sums = {}
    for name in names:
        tokenize = _get_tokenizer(name)()
        sums[name] = " ".join(crc(" ".join(tokenize(text.rstrip()).split())) for text in texts)
    return {"made": made, "checksums": sums}


if __name__ == "__main__":
    golden = {
        "versions": {"sacrebleu": sacrebleu.__version__},
        "slices": SLICES,
        "configs": list(configs()),
        "tokenizers": tokenizers(),
    }
    print(json.dumps(golden, ensure_ascii=False, separators=(",", ":")))
