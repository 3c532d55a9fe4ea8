"""Makes curves.json: the losses of 20 AdamW steps of four small BERTs in PyTorch.

    pip install torch transformers
    python make_curves.py

Four batches take turns. The four models have the depths of the models that are measured (BERT 2/128, MiniLM 6/384, DistilBERT's size 6/768, BERT-base
12/768), their ratio of intermediate to hidden size and their head sizes, and are narrow. Weights are not stored: both
sides compute them from a parameter's name and an element's index, see `weight`. Dropout is off.
"""
import json
import pathlib

import numpy as np
import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification

HERE = pathlib.Path(__file__).parent
STEPS, BATCHES, BATCH, SEQUENCE, VOCABULARY = 20, 4, 4, 16, 100
SPREAD = 0.1
OPTIMIZER = {
    "learningRate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01,
    "maxGradNorm": 1.0, "warmupSteps": 4, "totalSteps": STEPS,
}
MODELS = {
    "bert-2": {"layers": 2, "hiddenSize": 64, "heads": 1},
    "minilm-6": {"layers": 6, "hiddenSize": 96, "heads": 3},
    "distilbert-6": {"layers": 6, "hiddenSize": 128, "heads": 2},
    "bert-base-12": {"layers": 12, "hiddenSize": 64, "heads": 1},
}


def mix32(words):
    """lowbias32 of 32-bit words: https://nullprogram.com/blog/2018/07/31/."""
    x = words.astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def fnv1a(name):
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def weight(name, shape):
    """Uniform in (-SPREAD, SPREAD), so that the losses move from the first step; the weights of normalisations are around 1."""
    count = int(np.prod(shape))
    bits = mix32(np.arange(count, dtype=np.uint64) + fnv1a(name))
    value = (bits.astype(np.float64) / 2**31 - 1) * SPREAD
    centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
    return torch.tensor((centre + value).astype(np.float32).reshape(shape))


def make_batches():
    generator = np.random.default_rng(5)
    batches = []
    for _ in range(BATCHES):
        lengths = generator.integers(4, SEQUENCE + 1, BATCH)
        lengths[0] = SEQUENCE
        mask = (np.arange(SEQUENCE)[None] < lengths[:, None]).astype(int)
        types = (np.arange(SEQUENCE)[None] >= lengths[:, None] // 2).astype(int) * mask
        ids = generator.integers(5, VOCABULARY, (BATCH, SEQUENCE))
        ids[:, 0] = 2
        ids = ids * mask
        batches.append({"input_ids": ids.tolist(), "attention_mask": mask.tolist(), "token_type_ids": types.tolist(),
                        "labels": (ids[:, 1] % 2).tolist()})
    return batches


def decays(name):
    return not name.endswith("bias") and "LayerNorm" not in name


def curve(sizes, batches, dtype):
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=sizes["hiddenSize"], num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"], intermediate_size=4 * sizes["hiddenSize"],
        max_position_embeddings=SEQUENCE, type_vocab_size=2, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, num_labels=2, attn_implementation="eager",
    )
    model = BertForSequenceClassification(config)
    for name, parameter in model.named_parameters():
        parameter.data = weight(name, parameter.shape)
    model.to(dtype)
    groups = [
        {"params": [p for n, p in model.named_parameters() if decays(n)], "weight_decay": OPTIMIZER["weightDecay"]},
        {"params": [p for n, p in model.named_parameters() if not decays(n)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=OPTIMIZER["learningRate"], betas=(0.9, 0.999), eps=1e-8)
    warmup, total = OPTIMIZER["warmupSteps"], OPTIMIZER["totalSteps"]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: max(0.0, min((step + 1) / warmup, (total - step) / (total - warmup), 1.0)))
    model.train()
    losses = []
    for step in range(STEPS):
        batch = batches[step % BATCHES]
        out = model(**{k: torch.tensor(v) for k, v in batch.items()})
        optimizer.zero_grad()
        out.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), OPTIMIZER["maxGradNorm"])
        optimizer.step()
        schedule.step()
        losses.append(out.loss.item())
    return losses


torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
batches = make_batches()
models = {}
for name, sizes in MODELS.items():
    losses = curve(sizes, batches, torch.float32)
    exact = curve(sizes, batches, torch.float64)
    off = max(abs(a - b) / b for a, b in zip(losses, exact))
    print(f"{name}: {losses[0]:.4f} to {losses[-1]:.4f}, within {off:.1e} of double precision")
    models[name] = {**sizes, "losses": losses}
golden = {
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "optimizer": OPTIMIZER, "vocabulary": VOCABULARY, "spread": SPREAD, "models": models, "batches": batches,
}
(HERE / "curves.json").write_text(json.dumps(golden) + "\n")
