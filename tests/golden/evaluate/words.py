"""Splits a text into words by the rules of src/evaluate/generation/words.ts, written with the `regex` package."""

import regex

UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
START = rf"[[\p{{L}}\p{{N}}]--{UNSPACED}]"
REST = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{UNSPACED}]"
WORD = regex.compile(
    "|".join(
        [
            r"\p{Regional_Indicator}{2}",
            r"\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*",
            rf"{START}{REST}*(?:['’_\-]{START}{REST}*|(?<=\p{{N}})[.,](?=\p{{N}}){START}{REST}*)*",
            rf"[[\p{{L}}\p{{N}}]&&{UNSPACED}]\p{{M}}*",
            r"\S",
        ]
    ),
    regex.V1,
)


def words(text):
    return WORD.findall(text)
