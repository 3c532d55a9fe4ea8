"""Golden values of TER from sacrebleu, over texts.json and over made-up lists of words that need many shifts.

    python ter.py > ter.json
"""

import json
import random

import sacrebleu
from sacrebleu.metrics import TER
from sacrebleu.metrics.lib_ter import translation_edit_rate
from sacrebleu.tokenizers.tokenizer_ter import TercomTokenizer

from bleu import SLICES, crc, fuzz, number, streams
from texts import rows

ROWS = rows()

CONFIGS = [
    ({}, {}),
    ({"caseSensitive": True}, {"case_sensitive": True}),
    ({"normalized": True}, {"normalized": True}),
    ({"noPunct": True}, {"no_punct": True}),
    ({"normalized": True, "asianSupport": True}, {"normalized": True, "asian_support": True}),
    ({"noPunct": True, "asianSupport": True}, {"no_punct": True, "asian_support": True}),
    (
        {"normalized": True, "noPunct": True, "asianSupport": True, "caseSensitive": True},
        {"normalized": True, "no_punct": True, "asian_support": True, "case_sensitive": True},
    ),
]


def configs():
    for ours, theirs in CONFIGS:
        metric = TER(**theirs)
        sentences = [number(metric.sentence_score(row["prediction"], row["references"]).score) for row in ROWS]
        corpora = []
        for start, end in SLICES:
            part = ROWS[start:end]
            result = metric.corpus_score([row["prediction"] for row in part], streams(part))
            corpora.append(
                {
                    "score": number(result.score),
                    "edits": result.num_edits,
                    "referenceLength": number(result.ref_length),
                    "text": str(result),
                    "signature": str(metric.get_signature()),
                }
            )
        yield {"options": ours, "sentences": sentences, "corpora": corpora}


def sequence(seed):
    """Numbers below 65537 that any language makes alike."""
    x = seed % 65537
    while True:
        x = (75 * x + 74) % 65537
        yield x


def shuffled(seed, length, vocabulary, block, edits):
    """Words, and the same with blocks in another order and some words replaced."""
    draw = sequence(seed)
    reference = [next(draw) % vocabulary for _ in range(length)]
    blocks = [reference[at : at + block] for at in range(0, length, block)]
    keys = [next(draw) for _ in blocks]
    order = sorted(range(len(blocks)), key=lambda k: (keys[k], k))
    words = [word for k in order for word in blocks[k]]
    for _ in range(edits):
        at, kind = next(draw), next(draw) % 3
        if kind == 0 and words:
            words[at % len(words)] = next(draw) % vocabulary
        elif kind == 1 and words:
            del words[at % len(words)]
        else:
            words.insert(at % (len(words) + 1), next(draw) % vocabulary)
    return words, reference


def unrelated(seed, length, other, vocabulary):
    draw = sequence(seed)
    return [next(draw) % vocabulary for _ in range(length)], [next(draw) % vocabulary for _ in range(other)]


def shifts():
    """[kind, arguments..., edits]."""
    rng = random.Random(5)
    cases = []
    for seed in range(1, 451):
        length, vocabulary = rng.choice([3, 8, 15, 25, 40, 60]), rng.choice([2, 4, 10, 30, 1000])
        arguments = [seed, length, vocabulary, rng.choice([1, 2, 5, 12, 30]), rng.choice([0, 1, 4, 15])]
        cases.append(["shuffled", *arguments, shuffled(*arguments)])
    for seed in range(1, 121):  # differing lengths: a beam about a slanted diagonal
        lengths = [rng.choice([1, 2, 5, 30, 90]), rng.choice([1, 2, 5, 30, 90])]
        arguments = [seed, *lengths, rng.choice([1, 2, 5, 40])]
        cases.append(["unrelated", *arguments, unrelated(*arguments)])
    for arguments in [[7, 200, 40, 20, 9], [8, 300, 5000, 60, 3], [9, 300, 1, 4, 30], [10, 120, 100, 3, 0], [11, 150, 2, 7, 5]]:
        cases.append(["shuffled", *arguments, shuffled(*arguments)])
    for arguments in [[1, 2, 400, 3], [2, 400, 2, 3], [3, 8, 420, 50], [4, 120, 100, 2], [5, 1, 300, 1], [6, 12, 606, 4]]:
        cases.append(["unrelated", *arguments, unrelated(*arguments)])
    return [
        [*arguments, translation_edit_rate([f"w{w}" for w in words], [f"w{w}" for w in reference])[0]]
        for *arguments, (words, reference) in cases
    ]


def tokenizer():
    rng = random.Random(12)
    extra = ["か", "カ", "ㇰ", "㌀", "豈", "︰", "㈀", "・", "！", "（", "'s", "\n-", "Σ", ":", ";"]
    made = []
    for _ in range(600):
        made.append("".join(rng.choice(extra) if rng.random() < 0.4 else fuzz(rng)[:2] for _ in range(rng.randint(1, 10))))
    texts = [row["prediction"] for row in ROWS] + made
    sums = []
    for ours, theirs in CONFIGS:
        tokenize = TercomTokenizer(**theirs)
        sums.append({"options": ours, "checksums": " ".join(crc(tokenize(text.rstrip())) for text in texts)})
    return {"made": made, "configs": sums}


if __name__ == "__main__":
    golden = {
        "versions": {"sacrebleu": sacrebleu.__version__},
        "slices": SLICES,
        "configs": list(configs()),
        "shifts": shifts(),
        "tokenizer": tokenizer(),
    }
    print(json.dumps(golden, ensure_ascii=False, separators=(",", ":")))
