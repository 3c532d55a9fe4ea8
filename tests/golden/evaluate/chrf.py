"""Golden values of chrF and chrF++ from sacrebleu, over texts.json.

    python chrf.py > chrf.json
"""

import json

import sacrebleu
from sacrebleu.metrics import CHRF

from bleu import SLICES, number, streams
from texts import rows

ROWS = rows()

CONFIGS = [
    ({}, {}),
    ({"wordOrder": 2}, {"word_order": 2}),
    ({"wordOrder": 1, "lowercase": True}, {"word_order": 1, "lowercase": True}),
    ({"lowercase": True}, {"lowercase": True}),
    ({"whitespace": True}, {"whitespace": True}),
    ({"whitespace": True, "wordOrder": 2, "beta": 1}, {"whitespace": True, "word_order": 2, "beta": 1}),
    ({"epsSmoothing": True}, {"eps_smoothing": True}),
    ({"epsSmoothing": True, "wordOrder": 2}, {"eps_smoothing": True, "word_order": 2}),
    ({"charOrder": 3, "beta": 3}, {"char_order": 3, "beta": 3}),
    ({"charOrder": 10, "wordOrder": 4}, {"char_order": 10, "word_order": 4}),
    ({"charOrder": 0, "wordOrder": 2}, {"char_order": 0, "word_order": 2}),
]


def configs():
    for ours, theirs in CONFIGS:
        metric = CHRF(**theirs)
        sentences = [number(metric.sentence_score(row["prediction"], row["references"]).score) for row in ROWS]
        corpora = []
        for start, end in SLICES:
            part = ROWS[start:end]
            predictions, references = [row["prediction"] for row in part], streams(part)
            result = metric.corpus_score(predictions, references)
            statistics = [sum(column) for column in zip(*metric._extract_corpus_statistics(predictions, references))]
            corpora.append(
                {
                    "score": number(result.score),
                    "statistics": statistics,
                    "text": str(result),
                    "signature": str(metric.get_signature()),
                }
            )
        yield {"options": ours, "sentences": sentences, "corpora": corpora}


if __name__ == "__main__":
    golden = {"versions": {"sacrebleu": sacrebleu.__version__}, "slices": SLICES, "configs": list(configs())}
    print(json.dumps(golden, ensure_ascii=False, separators=(",", ":")))
