"""TER of random texts with tabs, apostrophes and CJK, where sacrebleu's second tokenization of references shows.

Made with sacrebleu 2.6.0: python ter_tabs.py > ter_tabs.json
"""
import json
import random

from sacrebleu.metrics import TER

random.seed(5)
PARTS = ["'s", "\t", " ", "  ", "a", "cat's", "don't", "。", "中文", "のは", "3-4", ",", "&amp;", "-", "\n-", "!", "It's\t", "'s\t"]


def text():
    return "".join(random.choice(PARTS) for _ in range(random.randint(0, 10)))


rows = []
for _ in range(150):
    options = dict(
        normalized=random.random() < 0.8,
        no_punct=random.random() < 0.3,
        asian_support=random.random() < 0.4,
        case_sensitive=random.random() < 0.3,
    )
    prediction = text()
    reference = random.choice([prediction, prediction.replace("'s", "'s\t"), text()])
    score = TER(**options).sentence_score(prediction, [reference]).score
    rows.append([prediction, reference, [int(value) for value in options.values()], score])
print(json.dumps({"sacrebleu": "2.6.0", "rows": rows}, ensure_ascii=False, separators=(",", ":")))
