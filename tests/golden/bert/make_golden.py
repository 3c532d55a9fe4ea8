"""Makes the golden files of this folder: a tiny BERT, its logits, gradients and ten steps of AdamW in PyTorch.

    pip install torch transformers safetensors
    python make_golden.py

Writes model/ (config.json, model.safetensors: the initial weights, saved by transformers), gradients.safetensors (of the
first step, before clipping) and golden.json (batches, logits, losses, gradient norms, versions). Dropout is off.
"""
import json
import pathlib

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

HERE = pathlib.Path(__file__).parent
STEPS, BATCH, SEQUENCE = 10, 4, 12
OPTIMIZER = {
    "learningRate": 3e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.05,
    "maxGradNorm": 1.0, "warmupSteps": 3, "totalSteps": STEPS,
}

torch.manual_seed(7)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
config = BertConfig(
    vocab_size=200, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=16, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    initializer_range=0.2, num_labels=3, id2label={0: "low", 1: "middle", 2: "high"},
    label2id={"low": 0, "middle": 1, "high": 2}, attn_implementation="eager",
)
model = BertForSequenceClassification(config)
for name, parameter in model.named_parameters():  # biases and LayerNorm away from 0 and 1, so that nothing hides
    if parameter.ndim == 1:
        parameter.data += 0.1 * torch.randn_like(parameter)
model.save_pretrained(HERE / "model")

generator = np.random.default_rng(11)
batches = []
for _ in range(STEPS):
    lengths = generator.integers(3, SEQUENCE + 1, BATCH)
    lengths[0] = SEQUENCE
    ids = generator.integers(5, 200, (BATCH, SEQUENCE))
    mask = (np.arange(SEQUENCE)[None] < lengths[:, None]).astype(int)
    types = ((np.arange(SEQUENCE)[None] >= lengths[:, None] // 2).astype(int)) * mask
    ids[:, 0] = 2
    ids = ids * mask
    labels = ids[:, 1] % 3
    batches.append({"input_ids": ids.tolist(), "attention_mask": mask.tolist(), "token_type_ids": types.tolist(),
                    "labels": labels.tolist()})


def decays(name):
    return not name.endswith("bias") and "LayerNorm" not in name


groups = [
    {"params": [p for n, p in model.named_parameters() if decays(n)], "weight_decay": OPTIMIZER["weightDecay"]},
    {"params": [p for n, p in model.named_parameters() if not decays(n)], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=OPTIMIZER["learningRate"], betas=(0.9, 0.999), eps=1e-8)
warmup, total = OPTIMIZER["warmupSteps"], OPTIMIZER["totalSteps"]
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda step: max(0.0, min((step + 1) / warmup, (total - step) / (total - warmup), 1.0)))

model.train()
losses, norms, logits = [], [], None
for step, batch in enumerate(batches):
    out = model(**{k: torch.tensor(v) for k, v in batch.items()})
    optimizer.zero_grad()
    out.loss.backward()
    if step == 0:
        logits = out.logits.detach().tolist()
        save_file({n: p.grad.clone().contiguous() for n, p in model.named_parameters()}, HERE / "gradients.safetensors")
    norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), OPTIMIZER["maxGradNorm"])))
    optimizer.step()
    schedule.step()
    losses.append(float(out.loss))

golden = {
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "optimizer": OPTIMIZER, "batches": batches, "logits": logits, "losses": losses, "gradientNorms": norms,
}
(HERE / "golden.json").write_text(json.dumps(golden) + "\n")
print(golden["versions"], losses, norms)
