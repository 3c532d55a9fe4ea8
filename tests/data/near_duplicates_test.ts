import assert from "node:assert/strict";
import { deduplicate, nearDuplicateClusters, similarity } from "../../src/data/dedupe.ts";
import { createRandomStream, type RandomStream } from "../../src/base/random.ts";
import { readSpam } from "../../src/data/spam.ts";

/** Words of mails, one after the other, each once: no two rows need share one. */
const vocabulary = [
  ...new Set(readSpam().slice(0, 1500).flatMap(({ text }) => text.toLowerCase().match(/[a-z]{4,9}/g) ?? [])),
];

function wordsOf(random: RandomStream): (count: number) => string {
  return (count) => Array.from({ length: count }, () => random.pick(vocabulary)).join(" ");
}

interface Labelled {
  readonly text: string;
  readonly label: string;
}

/** The sizes of the groups, the largest first. */
function sizes(rows: readonly Labelled[], withLabels: boolean): number[] {
  const labels = withLabels ? rows.map(({ label }) => label) : undefined;
  const counts = new Map<number, number>();
  for (const cluster of nearDuplicateClusters(rows.map(({ text }) => text), { labels })) {
    counts.set(cluster, (counts.get(cluster) ?? 0) + 1);
  }
  return [...counts.values()].sort((a, b) => b - a);
}

const rows = (count: number, row: (i: number) => [text: string, label: string]): Labelled[] =>
  Array.from({ length: count }, (_, i) => row(i)).map(([text, label]) => ({ text, label }));

Deno.test("a footer that all rows share, or many, groups none of them", () => {
  const words = wordsOf(createRandomStream(1));
  const footer = words(60);
  for (const share of [1, 0.73, 0.3]) {
    const mails = rows(200, (i) => [`${words(8)} ${i < share * 200 ? footer : words(60)}`, "ab"[i % 2]]);
    assert.equal(sizes(mails, true)[0], 1, `labels, ${share}`);
    assert.equal(sizes(mails, false)[0], 1, `no labels, ${share}`);
  }
});

Deno.test("each sender's own footer groups none of its mails, whether a sender has one label or several", () => {
  const words = wordsOf(createRandomStream(2));
  for (const [senders, mailsEach] of [[20, 20], [30, 10], [10, 40], [5, 80]]) {
    const footers = Array.from({ length: senders }, () => words(60));
    const mails = rows(
      senders * mailsEach,
      (i) => [`${words(8)} ${footers[i % senders]}`, `l${i % senders}`],
    );
    assert.equal(sizes(mails, true)[0], 1, `${senders} labels`);
    const mixed = mails.map(({ text }, i) => ({ text, label: "ab"[Math.floor(i / senders) % 2] }));
    assert.equal(sizes(mixed, true)[0], 1, `${senders} senders of two labels`);
  }
});

Deno.test("texts that differ in a number are apart where the number decides, and where all rows are like that", () => {
  const random = createRandomStream(3);
  const value = () => (random.next() * 80 - 40).toFixed(3);
  const readings = rows(200, () => {
    const at = value();
    return [`temperature reading ${at} degrees`, Number(at) > 10 ? "hot" : "cold"];
  });
  assert.equal(sizes(readings, true)[0], 1);
  assert.equal(sizes(readings, false)[0], 1);
  const rooms = rows(400, (i) => {
    const at = value();
    return [
      `sensor in room ${"abcdefghij"[i % 10]} of the ${vocabulary[i % 10]} reports ${at} degrees`,
      Number(at) > 10 ? "hot" : "cold",
    ];
  });
  assert.equal(sizes(rooms, true)[0], 1);
  assert.notEqual(
    nearDuplicateClusters(["it is -5 degrees outside", "it is 5 degrees outside"], {
      labels: ["cold", "mild"],
    })[1],
    0,
  );
});

Deno.test("rows out of a template are apart where its slots are what they are about", () => {
  const template = (slot: string, word: string) =>
    `The blood test of the patient for ${slot} came back ${word} and was sent to the ward on the same day`;
  const results = rows(120, (i) => [template(vocabulary[i], i % 2 ? "positive" : "negative"), "np"[i % 2]]);
  assert.equal(sizes(results, true)[0], 1);
  assert.equal(sizes(results, false)[0], 1);
});

Deno.test("texts whose difference goes with the label are no near-duplicates; those with a label by mistake are", () => {
  const words = wordsOf(createRandomStream(4));
  const films = Array.from({ length: 4 }, () => words(30));
  const reviews = rows(
    8,
    (i) => [`${i % 2 ? "I loved this film" : "I hated this film"} ${films[i >> 1]}`, "np"[i % 2]],
  );
  assert.equal(sizes(reviews, true)[0], 1);
  assert.deepEqual(sizes(reviews, false), [2, 2, 2, 2]);
  const mistaken = rows(8, (i) => [`${words(2)} ${films[i >> 1]}`, "np"[i % 2]]);
  assert.deepEqual(sizes(mistaken, true), [2, 2, 2, 2]);
});

Deno.test("a chain of texts, each like the next, is not one group", () => {
  const long = wordsOf(createRandomStream(5))(1000).split(" ");
  const texts = Array.from({ length: 90 }, (_, i) => long.slice(i * 10, i * 10 + 100).join(" "));
  for (let i = 1; i < texts.length; i++) assert.ok(similarity(texts[i - 1], texts[i]) > 0.7);
  const clusters = nearDuplicateClusters(texts);
  for (const cluster of new Set(clusters)) {
    const at = [...clusters.keys()].filter((i) => clusters[i] === cluster);
    assert.ok(at.at(-1)! - at[0] <= 6, `texts ${at} are one group`); // 2 x 3 steps: (98 - 30) / (98 + 30) is over 0.7²
  }
});

const mails = deduplicate(readSpam()).examples.filter((_, i) => i % 8 === 0);

const edits: Readonly<
  Record<string, (text: string, words: (count: number) => string, random: RandomStream) => string>
> = {
  "one word": (text, words, random) =>
    text.split(/\s+/).with(random.integer(text.split(/\s+/).length), words(1)).join(" "),
  "a word less": (text, _, random) =>
    text.split(/\s+/).toSpliced(random.integer(text.split(/\s+/).length), 1).join(" "),
  "the greeting": (text, words) => `Hi ${words(1)}, ${text}`,
  "the signature": (text, words) => `${text} best regards, ${words(2)}`,
  "all numbers": (text, _, random) => text.replace(/\d+/g, () => String(random.integer(10_000))),
  "case and punctuation": (text) => text.toUpperCase().replace(/[!?;]/g, " "),
};

for (const [what, edit] of Object.entries(edits)) {
  Deno.test(`a mail that comes again with another edit of ${what} is with the first one`, () => {
    const random = createRandomStream(6);
    const words = wordsOf(random);
    const long = [...mails.keys()].filter((i) => mails[i].text.split(/\s+/).length >= 40);
    const again = long.map((i) => ({ text: edit(mails[i].text, words, random), label: mails[i].label }));
    const all = [...mails, ...again];
    const clusters = nearDuplicateClusters(all.map(({ text }) => text), {
      labels: all.map(({ label }) => label),
    });
    const found = long.filter((i, k) => clusters[i] === clusters[mails.length + k]).length / long.length;
    assert.ok(found > 0.985, `${found} of ${long.length}`);
  });
}

Deno.test("the mails of the spam corpus that are sent again in other words are together, and of one label", () => {
  const { examples } = deduplicate(readSpam());
  const clusters = nearDuplicateClusters(examples.map(({ text }) => text), {
    labels: examples.map(({ label }) => label),
  });
  const groups = new Map<number, number[]>();
  clusters.forEach((cluster, i) => groups.set(cluster, [...groups.get(cluster) ?? [], i]));
  const several = [...groups.values()].filter(({ length }) => length > 1);
  assert.ok(Math.abs(several.length - 400) < 20, `${several.length} groups`);
  assert.ok(Math.abs(several.flat().length - 1150) < 50, `${several.flat().length} rows`);
  const largest = Math.max(...several.map(({ length }) => length));
  assert.ok(largest >= 14 && largest <= 20, String(largest)); // daily headlines under one title are 31 different mails
  const isMixed = (group: number[]) => new Set(group.map((i) => examples[i].label)).size > 1;
  assert.equal(several.filter(isMixed).length, 0);
});

const withAWordMore: Readonly<Record<string, readonly [string, string]>> = {
  Thai: ["พรุ่งนี้เราจะไปเที่ยวทะเลกับครอบครัวที่หัวหินตอนเช้า", "พรุ่งนี้เราจะไปเที่ยวทะเลกับครอบครัวที่หัวหินตอนเช้าครับ"],
  Lao: ["ມື້ອື່ນພວກເຮົາຈະໄປທ່ຽວນ້ຳຕົກກັບຄອບຄົວຕອນເຊົ້າ", "ມື້ອື່ນພວກເຮົາຈະໄປທ່ຽວນ້ຳຕົກກັບຄອບຄົວຕອນເຊົ້າແດ່"],
  Khmer: ["ថ្ងៃស្អែកយើងនឹងទៅលេងសមុទ្រជាមួយគ្រួសារនៅពេលព្រឹក", "ថ្ងៃស្អែកយើងនឹងទៅលេងសមុទ្រជាមួយគ្រួសារនៅពេលព្រឹកណា"],
  Burmese: ["မနက်ဖြန်ကျွန်တော်တို့မိသားစုနဲ့ပင်လယ်ကိုသွားမယ်", "မနက်ဖြန်ကျွန်တော်တို့မိသားစုနဲ့ပင်လယ်ကိုသွားမယ်နော်"],
  kana: ["あしたはかぞくとうみへあそびにいくつもりです", "あしたはかぞくとうみへあそびにいくつもりですよね"],
  katakana: [
    "アシタハカゾクトウミヘアソビニイクツモリデス",
    "アシタハカゾクトウミヘアソビニイクツモリデスヨ",
  ],
  "kanji and kana": [
    "明日は家族と海へ遊びに行くつもりで早く起きます",
    "明日は家族と海へ遊びに行くつもりで早く起きますね",
  ],
  Chinese: ["明天我们全家打算早上去海边玩然后吃海鲜", "明天我们全家打算早上去海边玩然后吃海鲜吧"],
  "Chinese and English": [
    "明天 we 全家 打算早上 go 去海边玩然后 eat 吃海鲜",
    "明天 we 全家 打算早上 go 去海边玩然后 eat 吃海鲜吧",
  ],
};

for (const [script, [text, more]] of Object.entries(withAWordMore)) {
  Deno.test(`a text in ${script} and the same with a word more are near-duplicates`, () => {
    const others = Object.values(withAWordMore).map(([other]) => [...other].reverse().join(""));
    const clusters = nearDuplicateClusters([text, ...others, more]);
    assert.equal(clusters.at(-1), 0, String(similarity(text, more)));
    assert.equal(new Set(clusters).size, 1 + others.length);
  });
}

Deno.test("the time grows with the rows, whatever is in them", () => {
  const random = createRandomStream(7);
  const words = wordsOf(random);
  const base = words(100);
  const templates = Array.from({ length: 20 }, () => words(100).split(" "));
  const long = words(5100).split(" ");
  const shapes: Record<string, (i: number) => string> = {
    "all alike": (i) => `${base} ${vocabulary[i % 5000]} ${i}`,
    "all out of templates": (i) =>
      templates[i % 20].map((word, k) => k % 13 === 5 ? words(1) : word).join(" "),
    "of few words": () => Array.from({ length: 100 }, () => vocabulary[random.integer(12)]).join(" "),
    "a chain": (i) => long.slice(i % 5000, i % 5000 + 100).join(" "),
  };
  for (const [what, shape] of Object.entries(shapes)) {
    const time = (count: number) => {
      const texts = Array.from({ length: count }, (_, i) => shape(i));
      const before = performance.now();
      nearDuplicateClusters(texts, { labels: texts.map((_, i) => "ab"[i % 2]) });
      return performance.now() - before;
    };
    time(500);
    const [once, eightfold] = [time(600), time(4800)];
    // Quadratic would be 64 times. The machine may be busy with other things meanwhile.
    assert.ok(eightfold < 32 * Math.max(once, 20), `${what}: ${once} ms, then ${eightfold} ms`);
  }
});
