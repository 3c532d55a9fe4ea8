"""What others give on the files of text_data.py and text_mails.ts: TF-IDF with logistic regression, and a Trainer of transformers.

    python3 bench/text_rivals.py SETS [--only tfidf,trainer] [--json FILE] [--epochs 3] [name ...]

Every rival learns from NAME-train.jsonl and is scored on NAME-test.jsonl; rows without a label are dropped, and rows of a label that
training never saw count as wrong. TF-IDF: words and pairs of words, sublinear counts, LogisticRegression's defaults. Trainer: a BERT of
Weir's default size (2 layers, hidden size 128, 2 heads) from nothing, a WordPiece of 8,000 tokens trained on the training rows, 128
tokens a text, batches of 32, AdamW at 5e-4 with a linear schedule and a tenth of warm-up, weight decay .01: Weir's defaults.
"""
import argparse
import json
import pathlib
import time

parser = argparse.ArgumentParser()
parser.add_argument("sets", type=pathlib.Path)
parser.add_argument("--only", default="tfidf,trainer")
parser.add_argument("--json", type=pathlib.Path)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("names", nargs="*")
args = parser.parse_args()
names = args.names or ["20news", "r8", "r52", "rotten", "mails"]


def rows(name):
    with open(args.sets / f"{name}.jsonl", encoding="utf-8") as file:
        return [row for row in map(json.loads, file) if row["label"] and row["text"]]


def scores(expected, predicted):
    labels = sorted(set(expected) | set(predicted))
    f1 = []
    for label in labels:
        hits = sum(e == p == label for e, p in zip(expected, predicted))
        wanted, given = expected.count(label), predicted.count(label)
        f1.append(2 * hits / (wanted + given))
    right = sum(e == p for e, p in zip(expected, predicted))
    return {"accuracy": right / len(expected), "macroF1": sum(f1) / len(f1)}


def tfidf(train, test):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(max_iter=1000))
    model.fit([row["text"] for row in train], [row["label"] for row in train])
    return list(model.predict([row["text"] for row in test]))


def trainer(train, test):
    import tempfile

    import numpy
    import torch
    import transformers
    from tokenizers import BertWordPieceTokenizer

    transformers.set_seed(0)
    wordpiece = BertWordPieceTokenizer()
    wordpiece.train_from_iterator((row["text"] for row in train), vocab_size=8000, limit_alphabet=1000, show_progress=False)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=wordpiece._tokenizer, model_max_length=128, pad_token="[PAD]", unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    )
    labels = sorted({row["label"] for row in train})

    class Rows(torch.utils.data.Dataset):
        def __init__(self, of):
            self.of = [
                {**tokenizer(row["text"], truncation=True, max_length=128), "label": labels.index(row["label"])}
                if row["label"] in labels
                else {**tokenizer(row["text"], truncation=True, max_length=128), "label": 0}
                for row in of
            ]

        def __len__(self):
            return len(self.of)

        def __getitem__(self, index):
            return self.of[index]

    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=512,
        max_position_embeddings=128, num_labels=len(labels),
    )
    model = transformers.BertForSequenceClassification(config)
    with tempfile.TemporaryDirectory() as folder:
        run = transformers.Trainer(
            model=model,
            args=transformers.TrainingArguments(
                output_dir=folder, num_train_epochs=args.epochs, per_device_train_batch_size=32, learning_rate=5e-4,
                warmup_steps=0.1, weight_decay=0.01, save_strategy="no", report_to=[], logging_strategy="no",
                disable_tqdm=True, seed=0,
            ),
            train_dataset=Rows(train),
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
        )
        run.train()
        predicted = run.predict(Rows(test)).predictions
    return [labels[index] for index in numpy.argmax(predicted, axis=1)]


for name in names:
    train, test = rows(f"{name}-train"), rows(f"{name}-test")
    for rival in args.only.split(","):
        began = time.perf_counter()
        predicted = {"tfidf": tfidf, "trainer": trainer}[rival](train, test)
        record = {
            "set": name, "rival": rival, "train": len(train), "test": len(test),
            **scores([row["label"] for row in test], predicted), "seconds": round(time.perf_counter() - began, 1),
        }
        print(record, flush=True)
        if args.json:
            with open(args.json, "a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
