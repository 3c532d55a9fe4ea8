"""Trains Python's own tokenizers on the corpora of write_trained.ts, and encodes with those that were trained there.

deno run -A tests/golden/text/write_trained.ts <folder> && python tests/golden/text/make_trained.py <folder>
Needs: tokenizers, transformers.

WordPieceTrainer numbers continuing characters ("##a") as its hash map yields words, and of equally common pairs it merges
the one of smaller ids: two runs differ. Given as special tokens in the order that trainWordPiece has, they do not.
"""
import hashlib
import json
import pathlib
import sys

import tokenizers
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

here = pathlib.Path(__file__).parent
folder = pathlib.Path(sys.argv[1])
read = lambda name: json.loads((folder / name).read_text(encoding="utf-8"))
corpus, cases = read("corpus.json"), read("cases.json")


def bpe(texts, vocab_size, min_frequency=2):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=min_frequency,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    model = json.loads(tokenizer.to_str())["model"]
    return {"vocab": by_id(model["vocab"]), "merges": [" ".join(merge) for merge in model["merges"]]}


def word_piece(texts, options, ours):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=options.get("lowercase", True), strip_accents=options.get("stripAccents")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first = [token for i, token in enumerate(ours) if i < 5 or len(token.removeprefix("##")) == 1]
    # Python's trainer, unlike ours, reads words of over 100 characters, which are unknown in any case.
    words = lambda text: [w for w, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))]
    texts = [" ".join(w for w in words(text) if len(w) <= 100) for text in texts]
    tokenizer.train_from_iterator(
        texts,
        trainers.WordPieceTrainer(
            vocab_size=options["vocabSize"],
            min_frequency=options.get("minFrequency", 2),
            limit_alphabet=1,  # the special tokens are the alphabet
            special_tokens=first,
            show_progress=False,
        ),
    )
    return {"vocab": by_id(tokenizer.get_vocab())}


def by_id(vocab):
    return [token for token, _ in sorted(vocab.items(), key=lambda entry: entry[1])]


golden = {"versions": {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__}, "trained": {}}
for path in sorted(folder.glob("*/options.json")):
    name, options = path.parent.name, json.loads(path.read_text())
    ours = by_id(json.loads((path.parent / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])
    if options["kind"] == "bpe":
        trained = bpe(corpus, options["vocabSize"])
    else:
        trained = word_piece(corpus, options, ours)
    print(name, len(trained["vocab"]), "tokens, the same:", trained["vocab"] == ours)
    fast = transformers.AutoTokenizer.from_pretrained(path.parent)
    tokenizer = Tokenizer.from_file(str(path.parent / "tokenizer.json"))
    ids = []
    for case in cases:
        encoding = tokenizer.encode(case["text"], case.get("pair"))
        if case.get("pair") != "":
            assert fast(case["text"], case.get("pair"))["input_ids"] == encoding.ids, (name, type(fast), case)
        ids.append(hashlib.sha256(json.dumps(encoding.ids).encode()).hexdigest()[:8])
    special = [fast.pad_token_id, fast.unk_token_id, fast.cls_token_id, fast.sep_token_id, fast.mask_token_id]
    print(name, type(fast).__name__, special, fast.model_max_length, fast.is_fast)
    golden["trained"][name] = {**trained, "special": special, "idHashes": ids}
golden["ties"] = [bpe([text], 330, min_frequency=1)["merges"] for text in read("ties.json")]
(here / "trained.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
