"""Encodes every code point and 20,000 nasty texts with Python's tokenizers, and keeps digests of the ids and of the offsets.

deno run -A tests/golden/text/write_tokenizers.ts <folder> && python tests/golden/text/make_tokenizers.py <folder> [name ...]
With names, only these are made again. All ids are left in <folder> too, to look differences up: NUMBER.ids, one text a line, the nasty ones first.
Needs: tokenizers.
"""
import array
import hashlib
import json
import pathlib
import sys

import tokenizers
from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
target = here / "tokenizers.json"
folder = pathlib.Path(sys.argv[1])
names = sys.argv[2:]


def read(name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def digest(numbers):
    return hashlib.sha256(array.array("i", numbers).tobytes()).hexdigest()[:8]


def units(text):
    """The UTF-16 place of each code point."""
    places, place = [], 0
    for character in text:
        places.append(place)
        place += 2 if ord(character) > 0xFFFF else 1
    return places + [place]


listing = read("list.json")
blocks = listing["blocks"]
strings, points = read("strings.json"), read("points.json")
golden = json.loads(target.read_text()) if names and target.exists() else {}
golden = {"versions": {"tokenizers": tokenizers.__version__}, "tokenizers": golden.get("tokenizers", {})}


def save():
    target.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")


def encode(kind, texts, found, tokenizer, entry, mode):
    """Digests of ids, and of offsets but where a token may be a byte of a prefix: those are no places of a text in Python."""
    with open(folder / entry["file"].replace(".json", ".ids"), mode) as out:
        for start in range(0, len(texts), blocks[kind]):
            numbers, places = [], []
            part = texts[start:start + blocks[kind]]
            for text, encoding in zip(part, tokenizer.encode_batch(part)):
                ids = encoding.ids
                numbers += [len(ids), *ids]
                out.write(json.dumps(ids) + "\n")
                if kind == "strings" and not entry["probes"]:
                    at = units(text)
                    places += [at[place] for offsets in encoding.offsets for place in offsets]
            found[kind].append(digest(numbers))
            if kind == "strings" and not entry["probes"]:
                found["offsets"].append(digest(places))


for entry in listing["list"]:
    if names and entry["name"] not in names:
        continue
    tokenizer = Tokenizer.from_file(str(folder / entry["file"]))
    found = {"strings": [], "offsets": [], "pairs": []}
    part = strings[:20_000 if entry["all"] else 2_000]
    encode("strings", part, found, tokenizer, entry, "w")
    for length in (5, 12, 31) if entry["all"] else ():
        for direction in "left", "right":
            numbers = []
            tokenizer.enable_truncation(length, strategy="longest_first", direction=direction)
            for first, second in zip(strings[:300], strings[300:600]):
                encoding = tokenizer.encode(first, second)
                numbers += [len(encoding.ids), *encoding.ids, *encoding.type_ids]
            found["pairs"].append(digest(numbers))
    tokenizer.no_truncation()
    if not entry["all"]:
        golden["tokenizers"][entry["name"]] = found
        save()
        continue
    texts = [tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=skips) for text in strings[:500] for skips in (False, True)]
    found["decoded"] = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:8]
    (folder / f"decoded-{entry['file']}").write_text(json.dumps(texts))
    golden["tokenizers"][entry["name"]] = found
    save()
for entry in listing["list"]:
    if entry["all"] and (not names or entry["name"] in names):
        found = golden["tokenizers"][entry["name"]]
        found["codePoints"] = []
        encode("codePoints", points, found, Tokenizer.from_file(str(folder / entry["file"])), entry, "a")
        save()
