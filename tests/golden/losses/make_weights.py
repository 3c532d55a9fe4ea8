"""Makes weights.json: weighted losses and their gradients in PyTorch.

    pip install torch
    python make_weights.py
"""
import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def cross_entropy(shape, classes, weight, smoothing, ignore):
    logits = (torch.randn(*shape, classes) * 2).requires_grad_()
    labels = torch.randint(0, classes, shape)
    if ignore:
        labels[torch.rand(shape) < 0.3] = -100
    weight = torch.tensor(weight)
    flat = logits.reshape(-1, classes)
    loss = torch.nn.functional.cross_entropy(flat, labels.reshape(-1), weight=weight, label_smoothing=smoothing)
    loss.backward()
    return {
        "kind": "softmax", "shape": list(shape), "logits": numbers(logits), "labels": labels.flatten().tolist(),
        "classWeights": numbers(weight), "labelSmoothing": smoothing, "loss": float(loss), "gradient": numbers(logits.grad),
    }


def binary(rows, weight):
    logits = (torch.randn(rows, len(weight)) * 2).requires_grad_()
    targets = (torch.rand(rows, len(weight)) < 0.4).float()
    weight = torch.tensor(weight)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weight)
    loss.backward()
    return {
        "kind": "sigmoid", "shape": [rows], "logits": numbers(logits), "labels": targets.flatten().tolist(),
        "classWeights": numbers(weight), "loss": float(loss), "gradient": numbers(logits.grad),
    }


torch.manual_seed(7)
cases = [
    cross_entropy((6,), 3, [0.5, 1.0, 4.0], 0.0, False),
    cross_entropy((6,), 3, [0.5, 1.0, 4.0], 0.1, False),
    cross_entropy((3, 5), 4, [1.0, 2.0, 0.25, 3.0], 0.0, True),
    cross_entropy((3, 5), 4, [1.0, 2.0, 0.25, 3.0], 0.2, True),
    binary(5, [0.5, 3.0, 1.0]),
]
(HERE / "weights.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}) + "\n")
