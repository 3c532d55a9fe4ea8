"""Writes bundle/ (a served bundle small enough to commit) and expected.json (what Python makes of it).

The model is real ONNX but hand-made: an embedding that gives each word a spam weight, the mean over the attention mask, and a
Gemm to two logits. "boom" is a word whose weight is NaN, so that a text with it fails in the model and nowhere else.

    python make_bundle.py        # needs onnx, onnxruntime, numpy, tokenizers
"""

import hashlib
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import tokenizers
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
BUNDLE = HERE / "bundle"
(BUNDLE / "onnx").mkdir(parents=True, exist_ok=True)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
HAM = "the a to and of is in it you for on we meeting patch list mail thanks code kernel monday report perl linux".split()
SPAM = "free money winner click now offer viagra cash prize guarantee credit loan buy cheap unsubscribe".split()
PIECES = "##s ##ing ##ed ##er ##ly ! ? . , : ; - ' $ 0 1 2 3 4 5 6 7 8 9".split()
LETTERS = list("abcdefghijklmnopqrstuvwxyz") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"]
VOCAB = SPECIAL + HAM + SPAM + PIECES + ["boom"] + [t for t in LETTERS if t not in HAM]
MAX_TOKENS = 32
WIDTH = 4
LABELS = ["ham", "spam"]


def write(path, value):
    (BUNDLE / path).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def make_tokenizer():
    added = [
        {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i, t in enumerate(SPECIAL)
    ]
    special = lambda t: {"SpecialToken": {"id": t, "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, special("[SEP]")],
            "pair": [
                special("[CLS]"),
                {"Sequence": {"id": "A", "type_id": 0}},
                special("[SEP]"),
                {"Sequence": {"id": "B", "type_id": 1}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 1}},
            ],
            "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {t: i for i, t in enumerate(VOCAB)},
        },
    }


def make_model():
    embedding = np.zeros((len(VOCAB), WIDTH), np.float32)
    for i, token in enumerate(VOCAB):
        embedding[i, 0] = 2.0 if token in SPAM else -1.0 if token in HAM else 0.0
        embedding[i, 1] = 0.25 if token in ("!", "$") else 0.0
        embedding[i, 2] = 1e-3 * i
    embedding[VOCAB.index("boom"), 0] = np.nan
    types = np.zeros((2, WIDTH), np.float32)
    types[1, 3] = 0.5
    weight = np.array([[-2.0, 2.0], [-3.0, 3.0], [0.1, -0.1], [0.2, 0.0]], np.float32)
    constants = {
        "word_embeddings": embedding,
        "type_embeddings": types,
        "weight": weight,
        "bias": np.array([0.5, 0.0], np.float32),
        "axis1": np.array([1], np.int64),
        "axis2": np.array([2], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["word_embeddings", "input_ids"], ["words"]),
        helper.make_node("Gather", ["type_embeddings", "token_type_ids"], ["types"]),
        helper.make_node("Add", ["words", "types"], ["x"]),  # [B, S, 4]
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis2"], ["mask3"]),  # [B, S, 1]
        helper.make_node("Mul", ["x", "mask3"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "axis1"], ["total"], keepdims=0),  # [B, 4]
        helper.make_node("ReduceSum", ["mask3", "axis1"], ["count"], keepdims=0),  # [B, 1]
        helper.make_node("Div", ["total", "count"], ["pooled"]),
        helper.make_node("Gemm", ["pooled", "weight", "bias"], ["logits"]),  # [B, 2]
    ]
    shape = ["batch_size", "sequence_length"]
    graph = helper.make_graph(
        nodes,
        "spam",
        [helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("input_ids", "attention_mask", "token_type_ids")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch_size", 2])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def make_slow_model():
    """A model that goes round a loop as often as its greatest token id says: with a great id, it hangs."""
    scalar = lambda name, dtype: helper.make_tensor_value_info(name, dtype, [])
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["keep_in"], ["keep_out"]),
            helper.make_node("Add", ["rounds_in", "one"], ["rounds_out"]),
        ],
        "round",
        [scalar("i", TensorProto.INT64), scalar("keep_in", TensorProto.BOOL), scalar("rounds_in", TensorProto.FLOAT)],
        [scalar("keep_out", TensorProto.BOOL), scalar("rounds_out", TensorProto.FLOAT)],
    )
    nodes = [
        helper.make_node("ReduceMax", ["input_ids"], ["rounds"], keepdims=0),
        helper.make_node("Loop", ["rounds", "true", "zero"], ["done"], body=body),
        helper.make_node("Cast", ["input_ids"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["x", "axis1"], ["sum"], keepdims=1),  # [B, 1]
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "done"], ["all"]),
        helper.make_node("Concat", ["sum", "all"], ["logits"], axis=1),  # [B, 2]
    ]
    constants = {
        "axis1": np.array([1], np.int64), "true": np.array(True), "zero": np.array(0, np.float32), "one": np.array(1, np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch_size", "sequence_length"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch_size", 2])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main():
    (HERE / "slow.onnx").write_bytes(make_slow_model())
    tokenizer = make_tokenizer()
    write("tokenizer.json", tokenizer)
    write("tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": MAX_TOKENS, "pad_token": "[PAD]",
        "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
    })
    write("config.json", {
        "architectures": ["BertForSequenceClassification"], "model_type": "bert", "vocab_size": len(VOCAB),
        "max_position_embeddings": MAX_TOKENS, "type_vocab_size": 2, "hidden_size": WIDTH, "pad_token_id": 0,
        "id2label": {str(i): l for i, l in enumerate(LABELS)}, "label2id": {l: i for i, l in enumerate(LABELS)},
    })
    (BUNDLE / "onnx/model.onnx").write_bytes(make_model())
    files = {}
    for path in ("config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx"):
        data = (BUNDLE / path).read_bytes()
        files[path] = {"sizeBytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    write("weir.json", {
        "format": "weir-bundle/1", "name": "spam", "version": "1.0.0", "task": "text-classification",
        "createdAt": "2026-01-01T00:00:00Z",
        "lineage": {
            "runId": "golden", "dataHash": "sha256:" + "0" * 64, "baseModel": None, "method": "full", "seed": 1, "device": "cpu",
            "epochs": 1, "steps": 1, "trainSeconds": 0.1,
        },
        "metrics": {
            "accuracy": {"value": 0.981, "low": 0.972, "high": 0.988, "confidence": 0.95, "n": 1174},
            "macroF1": {"value": 0.977, "low": 0.966, "high": 0.986, "confidence": 0.95, "n": 1174},
        },
        "labels": LABELS, "limits": {"maxTokens": MAX_TOKENS, "maxCharacters": 1000000}, "files": files,
    })

    reader = tokenizers.Tokenizer.from_str(json.dumps(tokenizer))
    session = onnxruntime.InferenceSession(str(BUNDLE / "onnx/model.onnx"), providers=["CPUExecutionProvider"])
    rows = []
    for text in ["free money now!", "thanks for the patch", "the meeting is on monday", "", ["click now", "the report"], "Zebra \u4f60 caf\u00e9"]:
        e = reader.encode(*([text] if isinstance(text, str) else text))
        feeds = {"input_ids": e.ids, "attention_mask": e.attention_mask, "token_type_ids": e.type_ids}
        logits = session.run(["logits"], {k: np.array([v], np.int64) for k, v in feeds.items()})[0][0]
        p = np.exp(logits - logits.max())
        p /= p.sum()
        rows.append({"text": text, "ids": e.ids, "typeIds": e.type_ids, "logits": logits.tolist(), "probabilities": p.tolist()})
    versions = {m.__name__: m.__version__ for m in (onnx, onnxruntime, tokenizers, np)}
    (HERE / "expected.json").write_text(json.dumps({"versions": versions, "rows": rows}, indent=1, ensure_ascii=False) + "\n")


main()
