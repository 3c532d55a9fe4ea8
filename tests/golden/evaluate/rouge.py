"""ROUGE by rouge-score and stems by NLTK, for the texts of texts.py and for texts made here:

    python rouge.py > rouge.json

Scores are rows of precision, recall and F1; "scores" of a set has, for each case, an index into "values" for each type.
Sets, with n rows in texts.json:

- plain, stemmed: each row's prediction against its first reference, without and with the stemmer
- best, average: each row's prediction against its own references and those of the next row, stemmed: score_multi, and the
  mean over score() of each
- lines: case i is the predictions of rows i .. i + i % 4 + 1, a line each, against the first references of the rows from i + 1 - i % 3
  on, as many (indices modulo n), without the stemmer
- letters: "a/bc" stands for the text "a\nb c", prediction and reference; small vocabularies, so ties are many
- inflected: with the list of words that are stemmed, W of them in alphabetical order, word k of the 4 + i % 9 of prediction i is number
  (11 i + 37 k) % W, and of the reference (11 i + 37 k + (i + k) % 4) % W, so that many share a stem; stemmed
- words: as plain, with a tokenizer that splits at spaces and newlines only, so every script counts
"""

import importlib.metadata
import json
import random
import re

import texts
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer, tokenizers

TYPES = ["rouge1", "rouge2", "rouge5", "rougeL", "rougeLsum"]
rows = texts.rows()
rng = random.Random(7)
values, index = [], {}


def entry(score):
    key = (float(score[0]), float(score[1]), float(score[2]))
    if key not in index:
        index[key] = len(values)
        values.append(key)
    return index[key]


class Words(tokenizers.Tokenizer):
    def tokenize(self, text):
        return [token for token in re.split("[ \n]", text) if token]


def listed(scores):
    return [entry(scores[kind]) for kind in TYPES]


plain = rouge_scorer.RougeScorer(TYPES)
stemmed = rouge_scorer.RougeScorer(TYPES, use_stemmer=True)
words = rouge_scorer.RougeScorer(TYPES, tokenizer=Words())


def both(i):
    return rows[i]["references"] + rows[(i + 1) % len(rows)]["references"]


def average(prediction, references):
    scores = [stemmed.score(reference, prediction) for reference in references]
    return {kind: [sum(s[kind][k] for s in scores) / len(scores) for k in range(3)] for kind in TYPES}


def stretch(i, start):
    return [rows[(start + k) % len(rows)] for k in range(i % 4 + 2)]


def lines(i):
    prediction = "\n".join(row["prediction"] for row in stretch(i, i))
    reference = "\n".join(row["references"][0] for row in stretch(i, i + 1 - i % 3))
    return plain.score(reference, prediction)


def letters(count, longest, lines):
    def text():
        alphabet = "abcdefghij"[: rng.randint(2, 10)]
        return "/".join(
            "".join(rng.choice(alphabet) for _ in range(rng.randint(0, longest))) for _ in range(rng.randint(1, lines))
        )

    return [[text(), text()] for _ in range(count)]


def spelled(text):
    return "\n".join(" ".join(line) for line in text.split("/"))


letter_cases = letters(500, 9, 4) + letters(40, 80, 3) + letters(20, 300, 2)

VOCABULARY = """connect relate nation commun general special organ act operate form use hope care help thought end depend differ
refer infer ally rely happy easy early enjoy play say fly try cry spy die lie tie ski sky study carry marry worry hurry
agree feed free see bleed need seed exceed fit hop hope tan fall hiss fizz fail file size siz tub trouble conflate
plan stop run begin admit prefer control roll call full skill small allow value argue true blue rate cease probate
large house horse noise box fix tax pass class bus gas focus analysis crisis criterion data formula theory geo
theolog archaeolog biolog log analog sens respons feas vis read write sing ring bring king motor plaster digit radical
vile analog vietnam predic feudal decis callous formal sensit triplic electric good revival airlin gyroscop adjust
defens irritat replac homolog activ angular effect bowdler y ye yes yet by my eye oy ayy syzygy rhythm xyz yyyy""".split()
SUFFIXES = """ s es ies ed eed ied ing ings ingly er ers or ly ally fully ness fulness ousness iveness ful less ment ement
ements able ible ably bly ability ibility ation ational ationally ization izations ize izer ized izing ate ated ating ator ators
ative icate iciti icity ical ically ic al ally ality aliti alism alize alizing ance ancy anci ence ency enci ent ently entli ant
ive ivity iviti ism ist ion sion tion tional ou ous ously ousli eli logi logy y yed ying ye ll l e ee 's 3 2nd""".split(" ")
SUFFIXES = [suffix.strip() for part in SUFFIXES for suffix in part.split("\n")]
PREFIXES = ["", "", "", "un", "re", "inter", "over"]


def stem_words():
    out = {suffix for suffix in SUFFIXES if suffix} | set(VOCABULARY)
    out |= {"Sky", "SKIES", "dying", "lying", "tying", "news", "innings", "inning", "outings", "outing", "cannings"}
    out |= {"canning", "howe", "proceed", "succeed", "as", "is", "bees", "1990s", "11ed", "naïvely", "citées", "ed", "ing"}
    out |= {"aed", "aing", "bed", "ying", "yed", "sses", "ss", "s", "aed", "ated", "bled", "ized", "iing", "eing", "Ünited"}
    for word in VOCABULARY:
        for suffix in rng.sample(SUFFIXES, 22):
            out.add(rng.choice(PREFIXES) + word + suffix)
            if word[-1] in "ey":
                out.add(word[:-1] + suffix)
    for _ in range(800):
        out.add("".join(rng.choice("aeiouybstlnwz") for _ in range(rng.randint(1, 6))) + rng.choice(SUFFIXES))
    return sorted(word for word in out if word)


stemmer = PorterStemmer()
stem_list = stem_words()


def inflected(i):
    def text(shift):
        return " ".join(stem_list[(11 * i + 37 * k + shift * ((i + k) % 4)) % len(stem_list)] for k in range(4 + i % 9))

    return stemmed.score(text(1), text(0))


json.dump(
    {
        "versions": {name: importlib.metadata.version(name) for name in ["rouge-score", "nltk"]},
        "types": TYPES,
        "plain": [listed(plain.score(row["references"][0], row["prediction"])) for row in rows],
        "stemmed": [listed(stemmed.score(row["references"][0], row["prediction"])) for row in rows],
        "best": [listed(stemmed.score_multi(both(i), rows[i]["prediction"])) for i in range(len(rows))],
        "average": [listed(average(rows[i]["prediction"], both(i))) for i in range(len(rows))],
        "lines": [listed(lines(i)) for i in range(len(rows))],
        "letterCases": letter_cases,
        "letters": [listed(plain.score(spelled(r), spelled(p))) for p, r in letter_cases],
        "words": [listed(words.score(row["references"][0], row["prediction"])) for row in rows],
        "inflected": [listed(inflected(i)) for i in range(600)],
        "values": values,
        "stemWords": " ".join(stem_list),
        "stems": " ".join(stemmer.stem(word) for word in stem_list),
    },
    open("/dev/stdout", "w"),
    ensure_ascii=False,
    separators=(",", ":"),
)
