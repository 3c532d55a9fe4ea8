"""Loads a bundle as a Python colleague would and prints what comes out, as JSON.

    python load_bundle.py [bundle] [texts.json] > python.json

Without arguments: the bundle and the texts beside this file. Needs: numpy, onnx, onnxruntime, torch, transformers.
"""
import json
import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import onnx
import onnxruntime
import torch
import transformers

here = pathlib.Path(__file__).parent
bundle = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "bundle"
texts = json.loads((pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here / "texts.json").read_text(encoding="utf-8"))
first = [t if isinstance(t, str) else t[0] for t in texts]
# transformers takes an empty second text for none.
second = [None if isinstance(t, str) else t[1] for t in texts]

path = bundle / "onnx" / "model.onnx"
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
names = {1: "float32", 7: "int64"}


def declared(value):
    tensor = value.type.tensor_type
    dims = [d.dim_param or d.dim_value for d in tensor.shape.dim]
    return {"name": value.name, "type": names[tensor.elem_type], "shape": dims}


session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
auto = transformers.AutoTokenizer.from_pretrained(bundle)
bert = transformers.BertTokenizerFast.from_pretrained(bundle)
classifier, loading = transformers.BertForSequenceClassification.from_pretrained(bundle, output_loading_info=True)
assert not any(loading.values()), loading
classifier.eval()
also = transformers.AutoModelForSequenceClassification.from_pretrained(bundle)
assert type(also) is type(classifier), type(also)


def encode(tokenizer, rows):
    one, two = [first[r] for r in rows], [second[r] for r in rows]
    options = {"truncation": "longest_first", "return_token_type_ids": True, "return_attention_mask": True}
    encoded = [tokenizer(a, b, **options) for a, b in zip(one, two)]
    return tokenizer.pad(encoded, return_tensors="np")


batches = []
for rows in [list(range(size + 1)) for size in range(len(texts))] + [[r] for r in range(len(texts))]:
    encoded = encode(auto, rows)
    again = encode(bert, rows)
    feeds = {i.name: np.asarray(encoded[i.name], np.int64) for i in session.get_inputs()}
    assert all((feeds[name] == again[name]).all() for name in feeds), rows
    (logits,) = session.run(["logits"], feeds)
    with torch.no_grad():
        theirs = classifier(**{name: torch.from_numpy(values) for name, values in feeds.items()}).logits.numpy()
    batches.append(
        {
            "rows": rows,
            **{name: values.tolist() for name, values in feeds.items()},
            "onnxruntime": logits.astype(float).round(7).tolist(),
            "transformers": theirs.astype(float).round(7).tolist(),
        }
    )

pipe = transformers.pipeline("text-classification", model=classifier, tokenizer=auto, top_k=None)
singles = [r for r, text in enumerate(texts) if isinstance(text, str)]
scores = pipe([first[r] for r in singles], truncation=True)

print(
    json.dumps(
        {
            "versions": {m.__name__: m.__version__ for m in (np, onnx, onnxruntime, torch, transformers)},
            "onnx": {
                "opset": {o.domain: o.version for o in model.opset_import},
                "irVersion": model.ir_version,
                "inputs": [declared(v) for v in model.graph.input],
                "outputs": [declared(v) for v in model.graph.output],
                "nodes": len(model.graph.node),
            },
            "batches": batches,
            "pipeline": [{"row": r, "scores": s} for r, s in zip(singles, scores)],
        }
    )
)
