"""Writes perplexity.json: log-likelihoods of the shared texts under a tiny random GPT-2 in float64, read in sliding windows as in
Hugging Face's guide "Perplexity of fixed-length models".

    python perplexity.py > perplexity.json

A token is a word, numbered by its place in the list of all words modulo the vocabulary. For each text and each way of reading:
the windows, the log-likelihoods that count (12 digits), the guide's figure (each window's mean loss weighted with one token less than counts in
it) and the mean over all tokens that count, computed from labels that are masked with -100 as the guide does.
"""

import json
import math

import numpy
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

from texts import rows
from words import words

torch.set_num_threads(1)
torch.manual_seed(3)
VOCABULARY = 61
CONTEXT = 64
config = GPT2Config(vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=16, n_layer=2, n_head=2, initializer_range=0.4, bos_token_id=None, eos_token_id=None)
model = GPT2LMHeadModel(config).double().eval()
known = {}
WAYS = [(CONTEXT, CONTEXT), (8, 3), (8, 8), (6, 2)]  # maxLength, stride


def read(ids, max_length, stride):
    """The guide's loop; beside its figure, what counts in each window."""
    windows, counted, sums, weights = [], [], 0.0, 0
    previous_end = 0
    for begin in range(0, len(ids), stride):
        end = min(begin + max_length, len(ids))
        target_length = end - previous_end
        inputs = torch.tensor([ids[begin:end]])
        targets = inputs.clone()
        targets[:, :-target_length] = -100
        with torch.no_grad():
            out = model(inputs, labels=targets)
        valid = int((targets != -100).sum()) - 1
        shifted = targets[0, 1:]  # the label of a place is the token behind it
        keep = shifted != -100
        values = torch.log_softmax(out.logits[0, :-1], -1)[keep, shifted[keep]]
        windows.append([begin, end, end - len(values)])
        counted.extend(values.tolist())
        if len(values):
            assert abs(float(out.loss) + float(values.mean())) < 1e-5  # transformers computes its loss in float32
        if valid > 0:
            sums += float(-values.mean()) * valid
            weights += valid
        previous_end = end
        if end == len(ids):
            break
    return windows, counted, sums / weights if weights else None


texts = []
for row in rows():
    ids = [known.setdefault(word, len(known)) % VOCABULARY for word in words(row["references"][0])][:CONTEXT]
    ways = []
    for way in WAYS:
        windows, counted, guide = read(ids, *way)
        mean = -math.fsum(counted) / len(counted) if counted else None
        ways.append([windows, guide, mean])
        if way == WAYS[1]:
            values = [float(f"{value:.12g}") for value in counted]
    texts.append({"length": len(ids), "logLikelihoods": values, "ways": ways})

generator = numpy.random.default_rng(5)
logits = []
for case in range(500):
    size = int(generator.integers(1, 5))
    tokens = int(generator.integers(1, 4))
    values = generator.normal(0, [1, 30, 1000][case % 3], (tokens, size)).round(3)
    targets = generator.integers(0, size, tokens)
    expected = torch.log_softmax(torch.tensor(values), -1)[torch.arange(tokens), torch.tensor(targets)]
    logits.append([values.flatten().tolist(), targets.tolist(), expected.tolist()])

chosen = [text for text in texts if text["logLikelihoods"]]
total = -math.fsum(value for text in chosen for value in text["logLikelihoods"])
count = sum(len(text["logLikelihoods"]) for text in chosen)
byte_count = sum(len(row["references"][0].encode()) for row in rows())
corpus = {"perplexity": math.exp(total / count), "bitsPerByte": total / math.log(2) / byte_count}
versions = {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": numpy.__version__}
print(json.dumps({"versions": versions, "ways": WAYS, "texts": texts, "logits": logits, "corpus": corpus}, separators=(",", ":")))
