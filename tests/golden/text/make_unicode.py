"""Asks Python's tokenizers for the Unicode that its parts use, code point by code point, and writes src/text/unicode_data.ts.

python tests/golden/text/make_unicode.py && deno fmt src/text/unicode_data.ts
Needs: tokenizers, regex (grapheme clusters), perl (which characters Unicode 9 has).
"""
import base64
import pathlib
import struct
import subprocess
import unicodedata

import regex
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

target = pathlib.Path(__file__).parents[3] / "src" / "text" / "unicode_data.ts"
# Planes without characters, and those of private use, are asked about by one code point each.
PLANE = {plane: plane << 16 for plane in range(4, 17)} | {14: 0xE1000}


def asked(c):
    return c < 0x40000 or 0xE0000 <= c <= 0xE1000 or c & 0xFFFF >= 0xFFFE or c in PLANE.values()


every = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
points = [c for c in every if asked(c)]
rest = {plane: [c for c in every if c >> 16 == plane and not asked(c)] for plane in PLANE}
everything = "".join(map(chr, points))


def spread(members):
    """A set of the code points asked about, with those that they speak for."""
    return members.union(*(rest[plane] for plane, speaker in PLANE.items() if speaker in members))

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number):
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text


def runs(values):
    """[(length, value)] over all code points; a surrogate has the value of the code point before it."""
    found = []
    for c in range(0x110000):
        value = values[c] if not 0xD800 <= c < 0xE000 else found[-1][1]
        if found and found[-1][1] == value:
            found[-1][0] += 1
        else:
            found.append([1, value])
    return found


def as_set(members):
    """Lengths of the runs outside and inside the set, in turn; the first one may be 0. The last run is left out."""
    lengths = runs([c in members for c in range(0x110000)])
    parts = [base36(length) for length, _ in lengths]
    if lengths[0][1]:
        parts.insert(0, "0")
    return " ".join(parts[:-1])


def matching(pattern):
    """The code points that a class of Oniguruma's matches."""
    split = pre_tokenizers.Split(Regex(pattern + "+"), "removed", invert=True)
    return spread({points[i] for _, (start, end) in split.pre_tokenize_str(everything) for i in range(start, end)})


def where(holds):
    return spread({c for c in points if holds(chr(c))})


# Oniguruma: categories, \s, \d, \w, some scripts, and what a letter matches where case is ignored.
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn".split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ$%&"
category = ["Cn"] * 0x110000
for name in CATEGORIES[:-1]:
    for c in matching(r"\p{%s}" % name):
        category[c] = name
assert matching(r"\p{L}") == {c for c in every if category[c][0] == "L"}
assert matching(r"\p{M}") == {c for c in every if category[c][0] == "M"}
assert matching(r"\p{N}") == {c for c in every if category[c][0] == "N"}
assert matching(r"\p{P}") == {c for c in every if category[c][0] == "P"}
assert matching(r"\d") == {c for c in every if category[c] == "Nd"}
space = matching(r"\s")
scripts = "Han Hiragana Katakana Hangul Latin Greek Cyrillic Arabic Hebrew Thai Devanagari".split()
script_sets = {name: matching(r"\p{%s}" % name) for name in scripts}
any_case = {letter: sorted(matching(f"(?i:{letter})") - {ord(letter), ord(letter.upper())}) for letter in map(chr, range(97, 123))}
any_case = {letter: others for letter, others in any_case.items() if others}

# Rust's char and its regex crate.
whitespace = where(lambda c: not pre_tokenizers.WhitespaceSplit().pre_tokenize_str(c))
assert whitespace == space, whitespace ^ space
words = pre_tokenizers.Whitespace()
assert whitespace == where(lambda c: not words.pre_tokenize_str(c))
rust_word = where(lambda c: len(words.pre_tokenize_str("a" + c + "a")) == 1)
onig_word = matching(r"\w")
digits = pre_tokenizers.Digits(individual_digits=True)
numeric = where(lambda c: len(digits.pre_tokenize_str("a" + c)) == 2)
lower = {}
lowercase = normalizers.Lowercase()
for c in points:
    small = lowercase.normalize_str(chr(c))
    if small != chr(c):
        lower[c] = small

# unicode_categories: the classes of BERT's normalizer and of punctuation.
clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
control = where(lambda c: clean.normalize_str(c) == "")
punctuation_of = pre_tokenizers.Punctuation("isolated")
punctuation = where(lambda c: len(punctuation_of.pre_tokenize_str("a" + c)) == 2)
strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
nonspacing = where(lambda c: strip.normalize_str(c) == "")
ideographs = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
assert len(where(lambda c: len(ideographs.normalize_str(c)) == 3)) > 70_000

# unicode-normalization-alignments: Unicode 9. Of those characters every later Unicode normalises the same way.
mark = where(lambda c: normalizers.StripAccents().normalize_str(c) == "")
perl = "for (0..0x10ffff) { next if $_ >= 0xd800 && $_ < 0xe000; print $_, qq(\\n) if chr($_) =~ /\\p{Present_In: 9.0}/ }"
present = set(map(int, subprocess.run(["perl", "-e", perl], capture_output=True, check=True).stdout.split()))
absent = set(every) - present
for normal in normalizers.NFD(), normalizers.NFC(), normalizers.NFKD(), normalizers.NFKC():
    for c in absent & set(points):
        assert normal.normalize_str(chr(c)) == chr(c), hex(c)
# Combining classes never change either. Each is tried against all others, through the order that NFD gives two marks.
combining = {c: unicodedata.combining(chr(c)) for c in present if unicodedata.combining(chr(c))}
first_of = {order: chr(c) for c, order in sorted(combining.items(), reverse=True)}
nfd = normalizers.NFD()
for c, order in combining.items():
    if nfd.normalize_str(chr(c)) == chr(c):
        for other, mark_of_other in first_of.items():
            assert nfd.normalize_str(chr(c) + mark_of_other) == (mark_of_other + chr(c) if other < order else chr(c) + mark_of_other)

# unicode-segmentation: grapheme clusters.
KINDS = "Other Prepend CR LF Control Extend ZWJ SpacingMark L V T LV LVT Regional_Indicator Pictographic Consonant Linker".split()
kind = ["Other"] * 0x110000
for name in KINDS[1:14]:
    for c in map(ord, regex.findall(r"\p{GCB=%s}" % name, everything)):
        kind[c] = name
for c in map(ord, regex.findall(r"\p{Extended_Pictographic}", everything)):
    if kind[c] == "Other":
        kind[c] = "Pictographic"
for c in map(ord, regex.findall(r"\p{InCB=Consonant}", everything)):
    kind[c] = "Consonant"
for c in map(ord, regex.findall(r"\p{InCB=Linker}", everything)):
    kind[c] = "Linker"
incb_extend = {ord(c) for c in regex.findall(r"\p{InCB=Extend}", everything)}


def charsmap(key):
    """A map from one ASCII character to "X", as SentencePiece stores it: a double array, then the texts."""
    units = [0] * 512
    units[0] = 256 << 10  # the root's children begin at 256
    node = 256 ^ ord(key)
    units[node] = ord(key) | 256 | ((node ^ 1) << 10)
    units[1] = 0x80000000  # the leaf: the text at 0
    return base64.b64encode(struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + b"X\0")


def attaches():
    precompiled = normalizers.Precompiled(base64.b64decode(charsmap("a")))
    assert precompiled.normalize_str("ab") == "Xb"
    return where(lambda c: precompiled.normalize_str("a" + c) == "X")


# The module regex may know later characters than tokenizers does: what attaches for it alone is no mark yet.
attached = attaches()
later = {c for c in every if kind[c] in ("Extend", "ZWJ", "SpacingMark", "Linker")} - attached
assert all(kind[c] in ("Extend", "ZWJ", "SpacingMark", "Linker") for c in attached)
for c in later:
    kind[c] = "Other"
incb_extend -= later

# UnicodeScripts: runs of one script, then which of them are the same.
scripts_of = pre_tokenizers.UnicodeScripts()
# Of two scripts from the start, so that a character that joins with all is known from one of the first.
representatives = ["\0", "A"]
script = [0] * 0x110000
previous = None
for c in points:
    text = chr(c)
    found = None
    if previous is not None and script[previous] > 0 and len(scripts_of.pre_tokenize_str(chr(previous) + text)) == 1:
        found = script[previous]
    if found is None:
        for index, one in enumerate(representatives):
            if len(scripts_of.pre_tokenize_str(one + text)) == 1:
                found = index + 1
                break
    # A character of any script joins with every one.
    if found is not None:
        other = representatives[1 if found == 1 else 0]
        if len(scripts_of.pre_tokenize_str(other + text)) == 1:
            found = 0
    if found is None:
        representatives.append(text)
        found = len(representatives)
    script[c] = found
    for spoken_for in rest[c >> 16] if c in PLANE.values() else ():
        script[spoken_for] = found
    previous = c


def lower_runs():
    """start count stride delta, of the code points whose lower case is one code point."""
    single = sorted((c, ord(small) - c) for c, small in lower.items() if len(small) == 1)
    found = []
    for c, delta in single:
        if found and found[-1][3] == delta:
            start, count, stride, _ = found[-1]
            if count == 1 and c - start in (1, 2):
                found[-1][1:3] = [2, c - start]
                continue
            if count > 1 and c == start + count * stride:
                found[-1][1] += 1
                continue
        found.append([c, 1, 1, delta])
    signed = lambda number: ("-" if number < 0 else "") + base36(abs(number))
    return " ".join(f"{base36(start)} {base36(count)} {stride} {signed(delta)}" for start, count, stride, delta in found)


def combining_runs():
    """start count class."""
    found = []
    for c, order in sorted(combining.items()):
        if found and found[-1][0] + found[-1][1] == c and found[-1][2] == order:
            found[-1][1] += 1
        else:
            found.append([c, 1, order])
    return " ".join(" ".join(map(base36, run)) for run in found)


def lines(text, indent="  "):
    pieces = [text[i:i + 100] for i in range(0, len(text), 100)]
    return "\n".join(f'{indent}"{piece}",' for piece in pieces)


def constant(name, comment, text):
    return f"/** {comment} */\nexport const {name}: string = [\n{lines(text)}\n].join(\"\");\n"


def coded(values, letters):
    return "".join(base36(length) + letters[value] for length, value in runs(values))


names = {name: LETTERS[i] for i, name in enumerate(CATEGORIES)}
kinds = {name: LETTERS[i] for i, name in enumerate(KINDS)}
script_names = {i: f"{LETTERS[i % 26]}{LETTERS[i // 26]}" for i in range(len(representatives) + 1)}
special = {c: small for c, small in lower.items() if len(small) != 1}
versions = f"tokenizers {tokenizers.__version__}, regex {regex.__version__}"
out = f'''/**
 * The Unicode of Python's tokenizers, which has a version for each of its parts. Written by tests/golden/text/make_unicode.py
 * ({versions}); not to be edited.
 *
 * Numbers are in base 36. A set is the lengths of the runs of code points outside and inside it, in turn, from U+0000 on. What
 * has a value for every code point is a list of runs: a length, then a letter for the value.
 *
 * @module
 */

/** The names of the letters of `CATEGORY`. */
export const CATEGORY_NAMES: readonly string[] = {CATEGORIES};

'''.replace("'", '"')
out += "\n".join([
    constant("CATEGORY", "General categories in regular expressions (Oniguruma).", coded(category, names)),
    constant("WHITESPACE", "White space, everywhere.", as_set(whitespace)),
    constant("PATTERN_WORD", r"`\w` in regular expressions (Oniguruma).", as_set(onig_word)),
    constant("WORD", r"`\w` of the Whitespace pre-tokenizer and of added tokens (Rust's regex).", as_set(rust_word)),
    constant("NUMERIC", "What Digits splits at (Rust's char::is_numeric).", as_set(numeric)),
    constant("CONTROL", "What BERT's clean_text drops.", as_set(control)),
    constant("PUNCTUATION", "What BertPreTokenizer and Punctuation split at.", as_set(punctuation)),
    constant("NONSPACING", "What BERT's strip_accents drops after NFD.", as_set(nonspacing)),
    constant("MARK", "What StripAccents drops.", as_set(mark)),
    constant("ABSENT", "What Unicode 9, by which texts are normalised, has no character for.", as_set(absent)),
    constant("COMBINING", "Canonical combining classes other than 0: runs of start, count and class.", combining_runs()),
    constant("LOWER", "Lower case: runs of start, count, stride, and what is added.", lower_runs()),
    constant("GRAPHEME", f"Kinds of grapheme clusters: {', '.join(f'{kinds[name]} {name}' for name in KINDS)}.".replace(", H Spac", ",\n * H Spac").replace(", O Pict", ",\n * O Pict"), coded(kind, kinds)),
    constant("GRAPHEME_EXTEND", "What stands between a consonant and its linker within a grapheme cluster.", as_set(incb_extend)),
    constant("SCRIPT", "Scripts of the UnicodeScripts pre-tokenizer, two letters each; AA joins with every script.", coded(script, script_names)),
])
out += "\n/** Lower case of more than one code point. */\nexport const LOWER_SPECIAL: Readonly<Record<string, string>> = {\n"
out += "".join('  "\\u%04x": "%s",\n' % (c, "".join("\\u%04x" % ord(x) for x in small)) for c, small in special.items())
out += "};\n\n/** What an ASCII letter matches, besides itself and its capital, where a regular expression ignores case. */\n"
out += "export const ANY_CASE: Readonly<Record<string, string>> = {\n"
out += "".join('  %s: "%s",\n' % (letter, "".join("\\u%04x" % c for c in others)) for letter, others in any_case.items())
out += "};\n\n/** Scripts that regular expressions may name (Oniguruma). */\nexport const PATTERN_SCRIPTS: Readonly<Record<string, string>> = {\n"
out += "".join(f"  {name}: [\n{lines(as_set(members), '    ')}\n  ].join(\"\"),\n" for name, members in script_sets.items())
out += "};\n"
target.write_text(out, encoding="utf-8")
print(len(out), "characters;", versions, "; scripts:", len(representatives), "; any case:", any_case, "; special:", special)
