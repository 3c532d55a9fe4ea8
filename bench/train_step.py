"""The training step of train_step.ts in PyTorch on the CPU: prints JSON {"version", "threads", "ms": [...]}."""
import json
import sys
import time

import torch
from torch import nn

batch, sequence, steps = (int(a) for a in sys.argv[1:4])
LAYERS, HIDDEN, HEADS, INNER, VOCAB, LABELS = 2, 128, 2, 512, 8000, 2


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.up, self.down = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
        self.norm1, self.norm2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, mask):
        b, s, _ = x.shape
        q, k, v = (f(x).view(b, s, HEADS, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        heard = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.drop(self.out(heard.transpose(1, 2).reshape(b, s, HIDDEN))))
        return self.norm2(x + self.drop(self.down(nn.functional.gelu(self.up(x)))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places, self.types = (nn.Embedding(n, HIDDEN) for n in (VOCAB, sequence, 2))
        self.norm, self.drop = nn.LayerNorm(HIDDEN), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.pooler, self.classifier = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, LABELS)

    def forward(self, ids, mask, types):
        x = self.words(ids) + self.types(types) + self.places(torch.arange(ids.shape[1]))
        x = self.drop(self.norm(x))
        bias = (mask[:, None, None, :].float() - 1) * 1e9
        for layer in self.layers:
            x = layer(x, bias)
        return self.classifier(self.drop(torch.tanh(self.pooler(x[:, 0]))))


torch.manual_seed(1)
model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
ids = torch.randint(5, VOCAB, (batch, sequence))
mask, types = torch.ones_like(ids), torch.zeros_like(ids)
labels = torch.arange(batch) % 2
times = []
for _ in range(steps):
    start = time.perf_counter()
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(ids, mask, types), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "ms": times}))
