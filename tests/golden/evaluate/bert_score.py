"""Writes bert_score.json: the shared texts scored by bert-score with the tiny random BERT of tests/golden/models/bert.

    python bert_score.py > bert_score.json

Runs with transformers 4.57 (bert-score 0.3.13 calls what transformers 5 no longer has). The model has no tokenizer: one is made here, of the
commonest words and pieces of the shared texts, and stored in the file. The model takes 16 tokens, so many texts are cut.
"""

import collections
import contextlib
import importlib.metadata
import io
import json
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from transformers import BertTokenizer, BertTokenizerFast
from transformers.models.bert.tokenization_bert import BasicTokenizer

sys.path.append(sys.path.pop(0))  # this file is called like the package
from bert_score import score  # noqa: E402

from texts import rows  # noqa: E402

HERE = pathlib.Path(__file__).parent
MODEL = HERE.parent / "models" / "bert" / "model"
SIZE = 200
BASELINES = "LAYER,P,R,F\n0,0.31234,0.32345,0.31567\n1,0.41,0.42,0.415\n2,0.2512,-0.0231,0.2233\n"
VARIANTS = [
    {"layer": 2, "idf": False, "rescale": False},
    {"layer": 1, "idf": True, "rescale": False},
    {"layer": 0, "idf": False, "rescale": True},
    {"layer": 2, "idf": True, "rescale": True},
]

torch.set_num_threads(1)
ROWS = rows()
folder = pathlib.Path(tempfile.mkdtemp(prefix="tiny-bert-"))
for name in ["config.json", "model.safetensors"]:
    shutil.copy(MODEL / name, folder / name)
counts = collections.Counter()
for row in ROWS:
    for text in [row["prediction"], *row["references"]]:
        for token in BasicTokenizer(do_lower_case=True).tokenize(text):
            counts[token] += 1
specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
pieces = ["##" + letter for letter in "aeinrst"] + ["ru", "##nning"]
words = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][: SIZE - len(specials) - len(pieces)]
(folder / "vocab.txt").write_text("\n".join(specials + words + pieces) + "\n")
tokenizer_config = {"do_lower_case": True, "model_max_length": 16, "tokenizer_class": "BertTokenizer"}
(folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))
fast = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True)
saved = folder / "fast"
fast.save_pretrained(saved)
tokenizer = json.loads((saved / "tokenizer.json").read_text())
(folder / "baselines.csv").write_text(BASELINES)


def run(variant):
    with contextlib.redirect_stderr(io.StringIO()):  # a warning for every empty text
        scores = score(
            [row["prediction"] for row in ROWS],
            [row["references"] for row in ROWS],
            model_type=str(folder),
            num_layers=variant["layer"],
            idf=variant["idf"],
            nthreads=0,
            device="cpu",
            lang="en",
            rescale_with_baseline=variant["rescale"],
            baseline_path=str(folder / "baselines.csv") if variant["rescale"] else None,
        )
    return torch.stack(scores, -1)


variants = []
for variant in VARIANTS:
    scores = [[float(f"{x:.9g}") for x in row] for row in run(variant).tolist()]
    variants.append({**variant, "scores": scores})
slow = BertTokenizer(str(folder / "vocab.txt"), do_lower_case=True)
versions = {name: importlib.metadata.version(name) for name in ["bert-score", "torch", "transformers", "tokenizers"]}
out = {
    "versions": versions,
    "tokenizer": tokenizer,
    "tokenizerConfig": tokenizer_config,
    "baselines": BASELINES,
    "ids": [slow.encode(row["prediction"].strip(), max_length=16, truncation=True) for row in ROWS],
    "variants": variants,
}
print(json.dumps(out, ensure_ascii=False, separators=(",", ":")))
