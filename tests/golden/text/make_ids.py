"""Encodes the cases with Python's tokenizers from our tokenizer.json, and trains Python's own vocabulary on the same corpus.

deno run -A tests/golden/text/write_inputs.ts <folder> && python tests/golden/text/make_ids.py <folder>
Needs: tokenizers, transformers.
"""
import json
import pathlib
import sys

import tokenizers
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

here = pathlib.Path(__file__).parent
folder = pathlib.Path(sys.argv[1])
corpus = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))

tokenizer = Tokenizer.from_file(str(here / "tokenizer.json"))
fast = transformers.AutoTokenizer.from_pretrained(here)
bert = transformers.BertTokenizerFast.from_pretrained(here)
assert fast.is_fast and bert.is_fast and bert.pad_token_id == 0 and bert.mask_token_id == 4, (fast, bert)

for case in cases:
    if "maxTokens" in case:
        tokenizer.enable_truncation(case["maxTokens"], strategy="longest_first", direction=case["truncationDirection"])
    else:
        tokenizer.no_truncation()
    encoding = tokenizer.encode(case["text"], case.get("pair"))
    case["ids"], case["typeIds"] = encoding.ids, encoding.type_ids
    if case.get("pair") == "":
        continue  # transformers takes an empty pair for none; tokenizers does not, and is what we follow
    for loaded in (fast, bert):
        options = {}
        if "maxTokens" in case:
            loaded.truncation_side = case["truncationDirection"]
            options = {"truncation": "longest_first", "max_length": case["maxTokens"]}
        theirs = loaded(case["text"], case.get("pair"), return_token_type_ids=True, **options)
        assert theirs["input_ids"] == case["ids"], (type(loaded), case, theirs)
        assert theirs["token_type_ids"] == case["typeIds"], (type(loaded), case, theirs)

reference = Tokenizer(models.WordPiece(unk_token="[UNK]"))
reference.normalizer = normalizers.BertNormalizer()
reference.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
reference.train_from_iterator(
    corpus,
    trainers.WordPieceTrainer(vocab_size=1500, min_frequency=2, limit_alphabet=1000, special_tokens=specials, show_progress=False),
)
vocabulary = [token for token, _ in sorted(reference.get_vocab().items(), key=lambda entry: entry[1])]

golden = {
    "versions": {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__},
    "cases": cases,
    "trainerVocabulary": vocabulary,
}
(here / "ids.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
print(len(cases), "cases,", len(vocabulary), "tokens in Python's own vocabulary,", golden["versions"])
