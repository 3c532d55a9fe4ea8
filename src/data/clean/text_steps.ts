/**
 * The steps that change a text. A bundle names those it was trained with, and serving applies the same: what a model reads
 * is what it has learnt from.
 *
 * @module
 */
import { countCodePoints } from "../../base/text.ts";
import { htmlToText } from "../html.ts";
import { readCount, readNothing, readOne, readPlaceholder } from "./values.ts";
import { patternReplacer } from "./pattern.ts";

/** A kind of step that changes a text. */
export interface TextStepKind {
  /** What it does, in a line of help. */
  readonly about: string;
  /** What stands after its name, in a line of help, in brackets where it may be left out; absent: nothing may. */
  readonly value?: string;
  /** A step as it is written, a text, and what becomes of it: run as a test. */
  readonly example: { readonly step: string; readonly text: string; readonly cleaned: string };
  /**
   * The step's function. It takes time in proportion to the text, whatever that holds, and depends on nothing else.
   *
   * @param value What stands after the `=`; absent: there is none.
   * @throws {DataError} when the value is none that the step takes, with what it takes.
   */
  make(value: string | undefined): (text: string) => string;
}

/** The names of the steps that change a text. */
export type TextStepName =
  | "strip-html"
  | "strip-urls"
  | "strip-emails"
  | "strip-numbers"
  | "strip-punctuation"
  | "remove-characters"
  | "replace"
  | "normalize"
  | "lowercase"
  | "collapse-space"
  | "cut";

/** Every step that changes a text, by name; a name without an entry does not compile. */
export const textSteps: Readonly<Record<TextStepName, TextStepKind>> = {
  "strip-html": {
    about: "the text that a reader of the HTML sees: no tags, scripts or styles; entities become characters",
    example: { step: "strip-html", text: "<p>Fish &amp; <b>chips</b></p>", cleaned: "Fish & chips" },
    make(value) {
      readNothing(value, "strip-html");
      return htmlToText;
    },
  },
  "strip-urls": stripping("web addresses", {
    name: "strip-urls",
    example: { step: "strip-urls=<url>", text: "see https://a.example/b?c=1.", cleaned: "see <url>." },
    // What ends a sentence after an address is no part of it.
    replace: (text, placeholder) => text.replace(URL_LIKE, (url) => placeholder + sentenceEnd(url)),
  }),
  "strip-emails": stripping("e-mail addresses", {
    name: "strip-emails",
    example: { step: "strip-emails=<mail>", text: "ask ada.l+x@mail.example now", cleaned: "ask <mail> now" },
    replace: (text, placeholder) => text.replace(MAIL_ADDRESS, () => placeholder),
  }),
  "strip-numbers": stripping("numbers, with the points and commas within", {
    name: "strip-numbers",
    example: { step: "strip-numbers=0", text: "pay 1,250.00 by 12 May", cleaned: "pay 0 by 0 May" },
    replace: (text, placeholder) => text.replace(NUMBER, () => placeholder),
  }),
  "strip-punctuation": stripping("punctuation, and the symbols of ASCII", {
    name: "strip-punctuation",
    example: { step: "strip-punctuation", text: "no,really!", cleaned: "no really " },
    replace: (text, placeholder) => text.replace(PUNCTUATION, () => placeholder),
  }),
  "remove-characters": {
    about: "removes characters of a class, or of several with + between",
    value: "=control+format+emoji+symbols+digits+accents+non-ascii",
    example: {
      step: "remove-characters=format+accents",
      text: "zero\u200bwidth café",
      cleaned: "zerowidth cafe",
    },
    make(value) {
      const classes = (value ?? "").split("+").map((name) =>
        readOne(name, characterClasses, "remove-characters")
      );
      return (text) => classes.reduce((left, remove) => remove(left), text);
    },
  },
  "replace": {
    about: "replaces what a pattern of RE2 finds, such as replace=X{2,}=><mask>; nothing after => removes it",
    value: "=PATTERN=>TEXT",
    example: { step: "replace=X{2,}=> ", text: "on XX/XX my XXXX card", cleaned: "on  /  my   card" },
    make: patternReplacer,
  },
  "normalize": {
    about:
      "one form of characters that can be written in several ways; NFKC also takes wide and styled letters for plain ones",
    value: "[=NFC|NFKC]",
    example: { step: "normalize=NFKC", text: "ＦＲＥＥ ﬁnd", cleaned: "FREE find" },
    make(value) {
      const form = readOne(value ?? "NFC", { NFC: "NFC", NFKC: "NFKC" }, "normalize");
      return (text) => text.normalize(form);
    },
  },
  "lowercase": {
    about: "small letters",
    example: { step: "lowercase", text: "WIN Now", cleaned: "win now" },
    make(value) {
      readNothing(value, "lowercase");
      return (text) => text.toLowerCase();
    },
  },
  "collapse-space": {
    about: "a space for each run of white space, and none at the ends",
    example: { step: "collapse-space", text: "  two\n\n lines ", cleaned: "two lines" },
    make(value) {
      readNothing(value, "collapse-space");
      return (text) => text.replace(/\s+/g, " ").trim();
    },
  },
  "cut": {
    about: "the first so many characters",
    value: "=CHARACTERS",
    example: { step: "cut=4", text: "👍👍👍👍👍", cleaned: "👍👍👍👍" },
    make(value) {
      const most = readCount(value, "cut", { least: 1 });
      return (text) => firstCharacters(text, most);
    },
  },
};

/** A step that removes things of a kind, or puts a placeholder where they stood. */
function stripping(
  what: string,
  { name, example, replace }: {
    readonly name: TextStepName;
    readonly example: TextStepKind["example"];
    readonly replace: (text: string, placeholder: string) => string;
  },
): TextStepKind {
  return {
    about: `puts a space, or the text that is given, in place of ${what}`,
    value: "[=TEXT]",
    example,
    make(value) {
      const placeholder = readPlaceholder(value, name);
      return (text) => replace(text, placeholder);
    },
  };
}

/** Each begins where no earlier one could, so that a long run of its characters is read once and not from each of its places. */
const URL_LIKE = /(?<![\p{L}\p{N}])(?:https?:\/\/|ftp:\/\/|www\.)[^\s<>"]+/giu;
const MAIL_ADDRESS = /(?<![\p{L}\p{N}_.+-])[\p{L}\p{N}_.+-]+@[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+/gu;
const NUMBER = /\p{Nd}+(?:[.,]\p{Nd}+)*/gu;
const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu;

/** The punctuation that a web address at the end of a sentence or in parentheses took with it. */
function sentenceEnd(url: string): string {
  let end = url.length;
  while (end > 0 && ".,;:!?)]}'".includes(url[end - 1])) end--;
  return url.slice(end);
}

/**
 * A whole code of a terminal as ECMA-48 has them: a control sequence such as a colour, a command such as a title or a link, the
 * choice of a character set. None reaches over another control character, so that each place is read once.
 */
const TERMINAL_CODE = new RegExp(
  [
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*(?:[@-~]|$)`,
    String.raw`(?:\u001b\]|\u009d)[^\u0000-\u001f\u007f-\u009f]*(?:\u0007|\u001b\\|\u009c)`,
    String.raw`\u001b[()*+][0-~]`,
  ].join("|"),
  "g",
);

/** What `remove-characters` removes, by name. */
const characterClasses: Readonly<Record<string, (text: string) => string>> = {
  // Tabs and line ends are white space, which collapse-space is for.
  control: (text) =>
    // deno-lint-ignore no-control-regex
    text.replace(TERMINAL_CODE, "").replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, ""),
  format: (text) => text.replace(/\p{Cf}/gu, ""),
  emoji: (text) =>
    text.replace(
      /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\u20e3\ufe0f]/gu,
      "",
    ),
  symbols: (text) => text.replace(/\p{S}/gu, ""),
  digits: (text) => text.replace(/\p{Nd}/gu, ""),
  // Of Latin, Greek and Cyrillic letters: the marks of other scripts are letters of their own.
  accents: (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").normalize("NFC"),
  // deno-lint-ignore no-control-regex
  "non-ascii": (text) => text.replace(/[^\u0000-\u007f]/g, ""),
};

/** At most so many code points, never half a surrogate pair. */
function firstCharacters(text: string, most: number): string {
  if (text.length <= most || countCodePoints(text) <= most) return text;
  let end = 0;
  for (let count = 0; count < most; count++) end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  return text.slice(0, end);
}
