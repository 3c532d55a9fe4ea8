"""Pairs of texts that the golden files of the generation metrics share: `rows(count)` is the same list on every machine.

A row is {"prediction", "references": [one or more]}. The first rows are the odd ones (empty, one token, emoji, CJK,
right-to-left, combining marks, control characters, markup, numbers, repetition), in every combination; the rest are sentences made from small vocabularies in
several scripts, the prediction being an edited reference. Run as a script it writes texts.json, which the tests read:

    python texts.py > texts.json
"""

import json
import random

ODD = [
    "",
    " ",
    "the",
    "The",
    ".",
    "a",
    "the the the the the",
    "The cat sat on the mat.",
    "the cat sat on the mat",
    "Il gatto è seduto sul tappeto.",
    "naïve café — “déjà vu” … l’été",
    "cafe\u0301 versus caf\u00e9",
    "😀 😀👍🏽 👩‍👩‍👧‍👦 🇮🇹!",
    "我爱自然语言处理。",
    "我 爱 NLP，2024年！",
    "東京タワーは高いです。",
    "한국어 문장입니다.",
    "هذا اختبار للتقييم، أليس كذلك؟",
    "זהו משפט בעברית.",
    "ภาษาไทยไม่มีช่องว่าง",
    "नमस्ते दुनिया, यह एक परीक्षण है।",
    "Price: $1,234.56 (−5%) on 2024-01-31; e.g. 3.14, 1/2.",
    "&quot;Tom &amp; Jerry&quot; &lt;b&gt; <skipped> x",
    "state-of-the-art, U.S.A., don't, it's; rock'n'roll",
    "line one\nline two\nline three",
    "tab\tseparated\u00a0non\u2009breaking\u3000spaces",
    "trailing space ",
    " leading space",
    "C++ & C# @ 100%: x_1 = y^2 + z*3 / [4] {5} ~ `6` | 7",
    "running runs ran easily happily relational conditional studies",
]

WORDS = {
    "en": "the a cat dog mat house sat runs running quickly on under with and was were not very small big old new studies easily 12 3.5 x-ray don't".split(),
    "it": "il la gatto cane casa è sono molto piccolo grande perché città più l'acqua sul della e non vecchio".split(),
    "de": "der die das Straße größer Übung fährt schnell und nicht ein kleines Haus für Mädchen".split(),
    "ru": "кошка собака дом быстро бежит и не очень большой маленький на под вчера".split(),
    "ar": "القط الكلب البيت سريع جدا و لا في على كبير صغير أمس".split(),
    "zh": list("我你他猫狗房子快跑大小不很在上下和是了"),
    "emoji": "😀 👍🏽 🎉 ❤️ 🇮🇹 ok lol".split(),
}
ENDS = ["", ".", "!", "?", " .", "…", "。", ", etc."]


def sentence(rng, script):
    words = [rng.choice(WORDS[script]) for _ in range(rng.randint(1, 18))]
    if rng.random() < 0.1:
        words.insert(rng.randrange(len(words)), rng.choice(WORDS["en"]))
    joined = ("" if script == "zh" else " ").join(words)
    if rng.random() < 0.3:
        joined = joined.capitalize()
    if rng.random() < 0.25 and len(words) > 3:
        joined = joined.replace(" ", ", ", 1) if rng.random() < 0.5 else joined.replace(" ", "\n", 1)
    return joined + rng.choice(ENDS)


def edited(rng, text, script):
    """The text with words dropped, replaced, repeated, or a stretch moved."""
    pieces = list(text) if script == "zh" else text.split(" ")
    for _ in range(rng.randint(0, 4)):
        if not pieces:
            break
        at = rng.randrange(len(pieces))
        kind = rng.randrange(4)
        if kind == 0:
            del pieces[at]
        elif kind == 1:
            pieces[at] = rng.choice(WORDS[script])
        elif kind == 2:
            pieces.insert(at, pieces[at])
        else:
            end = min(len(pieces), at + rng.randint(1, 4))
            moved = pieces[at:end]
            del pieces[at:end]
            to = rng.randint(0, len(pieces))
            pieces[to:to] = moved
    return ("" if script == "zh" else " ").join(pieces)


def rows(count=600):
    rng = random.Random(20260521)
    out = []
    for i, text in enumerate(ODD):  # perfect, against the next, against nothing, with many references
        other = ODD[(i + 7) % len(ODD)]
        out.append({"prediction": text, "references": [text]})
        out.append({"prediction": text, "references": [other]})
        out.append({"prediction": text, "references": [""]})
        out.append({"prediction": "", "references": [text]})
        out.append({"prediction": text, "references": [other, ODD[(i + 3) % len(ODD)], text.upper()]})
    scripts = list(WORDS)
    while len(out) < count:
        script = rng.choice(scripts)
        references = [sentence(rng, script) for _ in range(rng.choice([1, 1, 1, 2, 3, 4]))]
        prediction = edited(rng, rng.choice(references), script) if rng.random() < 0.85 else sentence(rng, script)
        out.append({"prediction": prediction, "references": references})
    return out[:count]


if __name__ == "__main__":
    print(json.dumps(rows(), ensure_ascii=False, separators=(",", ":")))
