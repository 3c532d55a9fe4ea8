import { createRandomStream } from "../../src/base/random.ts";
import { shiftedMessages } from "../../src/data/shifted.ts";
import { readSpam } from "../../src/data/spam.ts";

/** A small corpus for tokenizer tests: real mails, generated messages and lines in other scripts. */
export function tokenizerCorpus(): string[] {
  const mails = readSpam().filter((_, i) => i % 30 === 0).map(({ text }) => text.slice(0, 1500));
  return [...mails, ...shiftedMessages({ count: 200, seed: 3 }), ...SCRIPTS];
}

export interface TokenizerCase {
  text: string;
  pair?: string;
  maxTokens?: number;
  truncationDirection?: "left" | "right";
}

/** Texts, pairs and truncations whose ids are compared with Python's. */
export function tokenizerCases(): TokenizerCase[] {
  const mails = readSpam().filter((_, i) => i % 60 === 7).map(({ text }) =>
    text.slice(0, 400).toWellFormed()
  );
  const messages = shiftedMessages({ count: 40, seed: 8 });
  const texts = [...EDGE_CASES, ...SCRIPTS, ...mails, ...messages, ...randomTexts(60)];
  const cases: TokenizerCase[] = texts.map((text) => ({ text }));
  const random = createRandomStream(5);
  for (let i = 0; i < 60; i++) {
    const truncationDirection = random.pick(["left", "right"] as const);
    cases.push({ text: random.pick(texts), maxTokens: 2 + random.integer(60), truncationDirection });
    cases.push({
      text: random.pick(texts),
      pair: random.pick(texts),
      maxTokens: 3 + random.integer(80),
      truncationDirection,
    });
  }
  return cases;
}

const SCRIPTS = [
  "東京は日本の首都です。人口は約1400万人。",
  "免費無限次任打中港長途電話, 拾金不昧",
  "안녕하세요, 만나서 반갑습니다! 무료 쿠폰",
  "Привет, как дела? Купите прямо сейчас!",
  "Καλημέρα κόσμε, ΟΔΟΣ ΣΟΦΟΣ",
  "שלום עולם, מה שלומך היום?",
  "مرحبا بالعالم، كيف حالك؟ ١٢٣",
  "नमस्ते दुनिया, आप कैसे हैं?",
  "สวัสดีชาวโลก ราคาถูก",
  "Chào buổi sáng, Việt Nam ơi",
  "Crème brûlée, façade, naïve, Ångström, Łódź, İstanbul, ßtraße, ŒUVRE",
  "I ❤️ emoji 😀😃🎉 👨‍👩‍👧‍👦 🇮🇹 👍🏽 ok",
];

const EDGE_CASES = [
  "",
  " ",
  "\t\n\r",
  "a",
  "A",
  "!",
  "...",
  "[CLS]",
  "x[SEP]y [MASK] [PAD][UNK]",
  "[cls] [sep]",
  "##ing ing",
  "hello\u0000world\u0007bell\u200bzero\ufeffwidth\u00adsoft",
  "tab\tline\nfeed\rreturn\u00a0nbsp\u2003em\u3000ideographic\u2028line\u2029para\u0085next",
  "e\u0301 combining, \u0301 alone, a\u0308\u0323 two",
  "ﬁ ligature, Ⅷ roman, ① circled, ｆｕｌｌｗｉｄｔｈ",
  "𠀀𠀁 beyond the BMP 𪚥x𫝀y, 𝕳𝖊𝖑𝖑𝖔",
  "豈更車 compatibility, 丽丸",
  "Σίσυφος ΣΊΣΥΦΟΣ ΑΣ. Σ",
  '$100,000.00 €50 £3 ¥9 <b>bold</b> & "quoted" `code` ~ ^ | \\ / = + _under_score_',
  "mail@example.com http://example.com/path?q=1&r=2#top",
  "don't won’t “curly” „low“ «guillemets» —dash– …",
  "x".repeat(99),
  "x".repeat(100),
  "x".repeat(101),
  "é".repeat(100),
  "水".repeat(120),
  "😀".repeat(120),
  "word ".repeat(300),
  "a1b2c3 2024-05-17 12:34:56 1e-9 0x1F",
  "CamelCaseWordsAndUPPERCASE mIxEd",
  "constructor __proto__ toString hasOwnProperty",
  "\uffff\ufffe\ufffd replacement \ue000 private",
  "ǅ Ǆ ǆ ŉ ŝ̱ ﬀ K Å",
];

/** Random strings of characters that Python's Unicode tables (version 8) and JavaScript's agree on. */
function randomTexts(count: number): string[] {
  const random = createRandomStream(11);
  const ranges = [
    [0x20, 0x7e],
    [0x20, 0x7e],
    [0xa0, 0x24f],
    [0x370, 0x3ff],
    [0x400, 0x4ff],
    [0x5d0, 0x5ea],
    [0x620, 0x64a],
    [0x3041, 0x30ff],
    [
      0x4e00,
      0x9fa5,
    ],
    [0xac00, 0xd7a3],
    [0x2010, 0x2027],
    [0x1f600, 0x1f64f],
    [0x20000, 0x2a6d6],
    [0x300, 0x36f],
  ];
  return Array.from({ length: count }, () => {
    let text = "";
    for (let words = 1 + random.integer(12); words > 0; words--) {
      const [from, to] = random.pick(ranges);
      for (let n = 1 + random.integer(7); n > 0; n--) {
        text += String.fromCodePoint(from + random.integer(to - from + 1));
      }
      if (random.next() < 0.7) text += " ";
    }
    return text;
  });
}

/** Tokenizers that are trained on `tokenizerCorpus` here and in Python. */
export const trainings = {
  uncased: { kind: "wordpiece", options: { vocabSize: 1500 } },
  cased: { kind: "wordpiece", options: { vocabSize: 1500, lowercase: false } },
  casedWithoutAccents: {
    kind: "wordpiece",
    options: { vocabSize: 1500, lowercase: false, stripAccents: true, limitAlphabet: 120, minFrequency: 5 },
  },
  uncasedWithAccents: { kind: "wordpiece", options: { vocabSize: 1500, stripAccents: false } },
  bpe: { kind: "bpe", options: { vocabSize: 1500 } },
} as const;

/** Words of few letters, with runs of one: where pairs tie and overlap. */
export function tieCorpora(): string[] {
  const random = createRandomStream(17);
  return Array.from({ length: 60 }, (_, k) => {
    const letters = ["a", "ab", "aab", "abc", "aaabé"][k % 5];
    const word = () => {
      let text = "";
      for (let n = 1 + random.integer(14); n > 0; n--) text += letters[random.integer(letters.length)];
      return text;
    };
    return Array.from({ length: 40 }, word).join(" ");
  });
}
