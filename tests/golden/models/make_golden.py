"""Makes the golden files of this folder: a tiny model of each architecture, its logits, gradients and ten steps of AdamW in PyTorch.

    pip install torch transformers tokenizers safetensors
    python make_golden.py [NAME...]

Writes into each architecture's folder model/ (config.json, model.safetensors: the initial weights, saved by transformers; and, but for BERT,
a tokenizer), gradients.safetensors (of the first step, before clipping) and golden.json (batches, logits, losses, gradient norms; texts with
their ids and hidden states; versions). Dropout is off.
"""
import json
import pathlib
import sys

import numpy as np
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import ByteLevelBPETokenizer, BertWordPieceTokenizer
from tokenizers.processors import BertProcessing, RobertaProcessing
from transformers import BertConfig, DistilBertConfig, RobertaConfig
from transformers import BertForSequenceClassification, DistilBertForSequenceClassification, RobertaForSequenceClassification

HERE = pathlib.Path(__file__).parent
STEPS, BATCH, SEQUENCE = 10, 4, 12
OPTIMIZER = {
    "learningRate": 3e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.05,
    "maxGradNorm": 1.0, "warmupSteps": 3, "totalSteps": STEPS,
}
CORPUS = ["the river rises in the night", "a weir measures the river", "the night train was late again", "measure twice, cut once"] * 3
TEXTS = [["the weir"], ["  measure the night train\n"], ["Zürich, 日本 😀 — don't"], [""], ["the river", "a night"], ["the river rises " * 8]]
LABELS = {
    "initializer_range": 0.2, "num_labels": 3, "id2label": {0: "low", 1: "middle", 2: "high"},
    "label2id": {"low": 0, "middle": 1, "high": 2}, "attn_implementation": "eager",
}


def byte_level_bpe(folder):
    tokenizer = ByteLevelBPETokenizer()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(CORPUS, vocab_size=290, min_frequency=2, special_tokens=specials, show_progress=False)
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"tokenizer_class": "RobertaTokenizer", "pad_token": "<pad>", "unk_token": "<unk>", "model_max_length": 16}
    (folder / "tokenizer_config.json").write_text(json.dumps(names) + "\n")


def word_pieces(folder):
    tokenizer = BertWordPieceTokenizer()
    tokenizer.train_from_iterator(CORPUS, vocab_size=80, min_frequency=2, show_progress=False)
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"tokenizer_class": "DistilBertTokenizer", "pad_token": "[PAD]", "unk_token": "[UNK]", "model_max_length": 16}
    (folder / "tokenizer_config.json").write_text(json.dumps(names) + "\n")


BERT = dict(
    vocab_size=200, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=16, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **LABELS)
ROBERTA = {
    **BERT, "vocab_size": 290, "hidden_size": 16, "intermediate_size": 32, "max_position_embeddings": 18, "type_vocab_size": 1,
    "layer_norm_eps": 1e-5, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
}
DISTILBERT = dict(
    vocab_size=80, dim=16, n_layers=2, n_heads=4, hidden_dim=32, max_position_embeddings=16, dropout=0.0, attention_dropout=0.0,
    seq_classif_dropout=0.0, qa_dropout=0.0, **LABELS)

# Of each: configuration, class, tokenizer, id of the first token and of padding, whether tokens have types.
ARCHITECTURES = {
    "bert": (BertConfig(**BERT), BertForSequenceClassification, None, 2, 0, True),
    "roberta": (RobertaConfig(**ROBERTA), RobertaForSequenceClassification, byte_level_bpe, 0, 1, False),
    "distilbert": (DistilBertConfig(**DISTILBERT), DistilBertForSequenceClassification, word_pieces, 2, 0, False),
}


def make_batches(vocabulary, first, pad, has_types):
    generator = np.random.default_rng(11)
    batches = []
    for _ in range(STEPS):
        lengths = generator.integers(3, SEQUENCE + 1, BATCH)
        lengths[0] = SEQUENCE
        ids = generator.integers(5, vocabulary, (BATCH, SEQUENCE))
        mask = (np.arange(SEQUENCE)[None] < lengths[:, None]).astype(int)
        types = ((np.arange(SEQUENCE)[None] >= lengths[:, None] // 2).astype(int)) * mask
        ids[:, 0] = first
        ids = np.where(mask == 1, ids, pad)
        labels = ids[:, 1] % 3
        batches.append({"input_ids": ids.tolist(), "attention_mask": mask.tolist(),
                        **({"token_type_ids": types.tolist()} if has_types else {}), "labels": labels.tolist()})
    return batches


def decays(name):
    return not name.endswith("bias") and "LayerNorm" not in name and "layer_norm" not in name


def encode_texts(model, folder):
    """Ids by Python's tokenizers, and every layer's hidden states of the first two texts, which BERTScore reads."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(16, strategy="longest_first")
    texts = []
    for place, parts in enumerate(TEXTS):
        encoding = tokenizer.encode(*parts)
        texts.append({"parts": parts, "ids": encoding.ids, "typeIds": encoding.type_ids})
        if place > 1:
            continue
        # bert-score strips a text, and has RoBERTa's tokenizer put a space before it.
        text = parts[0].strip()
        ids = tokenizer.encode(f" {text}" if model.config.model_type == "roberta" else text).ids
        with torch.no_grad():
            layers = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        texts[-1]["scored"] = {"ids": ids, "layers": [layer[0].flatten().tolist() for layer in layers]}
    return texts


def make(name):
    config, kind, make_tokenizer, first, pad, has_types = ARCHITECTURES[name]
    folder = HERE / name
    torch.manual_seed(7)
    model = kind(config)
    for parameter in model.parameters():  # biases and LayerNorm away from 0 and 1, so that nothing hides
        if parameter.ndim == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
    model.save_pretrained(folder / "model")
    batches = make_batches(config.vocab_size, first, pad, has_types)
    texts = None
    if make_tokenizer:
        make_tokenizer(folder / "model")
        model.eval()
        texts = encode_texts(model, folder / "model")

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
            save_file({n: p.grad.clone().contiguous() for n, p in model.named_parameters()}, folder / "gradients.safetensors")
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), OPTIMIZER["maxGradNorm"])))
        optimizer.step()
        schedule.step()
        losses.append(out.loss.item())

    golden = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "optimizer": OPTIMIZER, "batches": batches, "logits": logits, "losses": losses, "gradientNorms": norms,
        **({"texts": texts} if texts else {}),
    }
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, golden["versions"], losses, norms)


torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
for name in sys.argv[1:] or ARCHITECTURES:
    make(name)
