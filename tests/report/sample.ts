import type { Interval } from "../../src/statistics/bootstrap.ts";
import type { Report, Section } from "../../src/evaluate/report.ts";

/** An interval of 95%. */
export function interval(value: number, low: number, high: number, n = 1179, method = "bca"): Interval {
  return {
    value,
    low,
    high,
    confidence: 0.95,
    n,
    method,
    ...(["bca", "percentile"].includes(method) && { resamples: 1000 }),
  };
}

const times = (n: number, f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));

/** A section of every kind, with figures as a spam filter has them. */
export const sampleSections: { [K in Section["kind"]]: Extract<Section, { kind: K }> } = {
  gate: {
    kind: "gate",
    title: "Promotion gate",
    passed: false,
    conditions: [
      { text: "macroF1.low >= champion.macroF1 - 0.005", left: 0.9671, right: 0.9706, met: false },
      { text: "latency.p95 <= 1.1 * champion.latency.p95", left: 31.4, right: 36.96, met: true },
      { text: "canaries.failed <= 0", left: 1, right: 0, met: false },
      { text: "probes.typos.difference.low >= -0.03", left: -0.0212, right: -0.03, met: true },
    ],
  },
  comparison: {
    kind: "comparison",
    title: "Against the champion",
    a: "spam 1.0.0",
    b: "spam 1.1.0",
    rows: [
      {
        name: "accuracy",
        label: "accuracy",
        better: "higher",
        a: interval(0.9712, 0.9601, 0.9792),
        b: interval(0.9805, 0.9709, 0.987),
        difference: interval(0.0093, 0.0034, 0.0161),
        pValue: 0.0041,
        adjustedPValue: 0.0123,
        test: "approximate randomization",
      },
      {
        name: "macroF1",
        label: "macro F1",
        better: "higher",
        a: interval(0.9648, 0.952, 0.9752),
        b: interval(0.9763, 0.9671, 0.985),
        difference: interval(0.0115, 0.0045, 0.0196),
        pValue: 0.0029,
        adjustedPValue: 0.0116,
        test: "approximate randomization",
      },
      {
        name: "expectedCalibrationError",
        label: "expected calibration error",
        better: "lower",
        a: interval(0.0093, 0.0061, 0.0171),
        b: interval(0.0121, 0.0078, 0.0206),
        difference: interval(0.0028, -0.0041, 0.0094),
        pValue: 0.41,
        adjustedPValue: 0.82,
        test: "approximate randomization",
      },
      {
        name: "recallOfSpam",
        label: "recall of spam",
        better: "higher",
        a: interval(0.972, 0.953, 0.986, 321),
        b: interval(0.95, 0.921, 0.969, 321),
        difference: interval(-0.022, -0.037, -0.009, 321),
        pValue: 0.002,
        adjustedPValue: 0.01,
        test: "approximate randomization",
      },
      {
        name: "logLoss",
        label: "log loss",
        better: "lower",
        a: interval(1.0871, 1.052, 1.129),
        b: interval(1.0634, 1.041, 1.0902),
        difference: interval(-0.0237, -0.0512, 0.0051),
        pValue: 0.094,
        adjustedPValue: 0.28,
        test: "approximate randomization",
      },
    ],
    costs: [
      { label: "model file", a: 17.6, b: 17.6, unit: "MB" },
      { label: "median latency", a: 19.2, b: 18.8, unit: "ms" },
      { label: "95th percentile of latency", a: 33.6, b: 31.4, unit: "ms" },
    ],
  },
  classes: {
    kind: "classes",
    title: "Classes",
    rows: [
      {
        label: "ham",
        precision: interval(0.9815, 0.972, 0.989, 858, "wilson"),
        recall: interval(0.9918, 0.983, 0.996, 858, "wilson"),
        f1: interval(0.9866, 0.981, 0.991, 858),
        support: 858,
      },
      {
        label: "spam",
        precision: interval(0.9776, 0.955, 0.989, 313, "wilson"),
        recall: interval(0.9502, 0.921, 0.969, 321, "wilson"),
        f1: interval(0.9637, 0.948, 0.978, 321),
        support: 321,
      },
    ],
  },
  confusion: {
    kind: "confusion",
    title: "Confusion matrix",
    labels: ["ham", "spam"],
    counts: [[851, 7], [16, 305]],
  },
  curve: {
    kind: "curve",
    title: "ROC curve",
    xLabel: "false positive rate",
    yLabel: "true positive rate",
    curves: [
      {
        label: "spam 1.1.0, AUC 0.995",
        x: times(201, (i) => (i / 200) ** 3),
        y: times(201, (i) => 1 - (1 - i / 200) ** 9),
      },
      {
        label: "spam 1.0.0, AUC 0.985",
        x: times(201, (i) => (i / 200) ** 2.5),
        y: times(201, (i) => 1 - (1 - i / 200) ** 5),
      },
    ],
    baseline: "diagonal",
  },
  reliability: {
    kind: "reliability",
    title: "Reliability",
    bins: [
      { confidence: 0.548, accuracy: interval(0.5, 0.254, 0.746, 12, "wilson"), count: 12 },
      { confidence: 0.652, accuracy: interval(0.706, 0.469, 0.867, 17, "wilson"), count: 17 },
      { confidence: 0.757, accuracy: interval(0.704, 0.515, 0.842, 27, "wilson"), count: 27 },
      { confidence: 0.861, accuracy: interval(0.854, 0.716, 0.931, 41, "wilson"), count: 41 },
      { confidence: 0.983, accuracy: interval(0.994, 0.987, 0.997, 1082, "wilson"), count: 1082 },
    ],
  },
  bars: {
    kind: "bars",
    title: "Rows by class",
    groups: ["train", "test"],
    rows: [{ label: "ham", counts: [3241, 858] }, { label: "spam", counts: [1245, 321] }],
  },
  histogram: {
    kind: "histogram",
    title: "Score of spam, by true class",
    xLabel: "probability of spam",
    edges: times(21, (i) => i / 20),
    groups: [
      {
        label: "ham",
        counts: [688, 74, 31, 18, 12, 9, 7, 4, 5, 3, 2, 1, 1, 0, 1, 0, 1, 0, 0, 1],
      },
      {
        label: "spam",
        counts: [3, 2, 1, 2, 1, 2, 2, 1, 1, 1, 2, 3, 4, 5, 6, 9, 12, 21, 44, 199],
      },
    ],
  },
  slices: {
    kind: "slices",
    title: "By source",
    column: "source",
    metrics: [
      { name: "macroF1", label: "macro F1", better: "higher" },
      { name: "accuracy", label: "accuracy", better: "higher" },
    ],
    rows: [
      ["newsletters", 402, [0.951, 0.921, 0.973], [0.966, 0.944, 0.981], 0.0031],
      ["personal", 351, [0.988, 0.969, 0.998], [0.994, 0.98, 0.999], 0.21],
      ["mailing lists", 214, [0.981, 0.958, 0.996], [0.986, 0.967, 0.995], 1],
      ["shops", 131, [0.972, 0.934, 0.993], [0.977, 0.939, 0.994], 1],
      ["other (14 values)", 81, [0.962, 0.881, 0.995], [0.975, 0.921, 0.997], 1],
    ].map(([value, n, f1, accuracy, pValue]) => ({
      value: value as string,
      n: n as number,
      intervals: [f1, accuracy].map((ends) => interval(...ends as [number, number, number], n as number)),
      pValue: pValue as number,
    })),
  },
  worst: {
    kind: "worst",
    title: "Worst examples",
    scoreLabel: "log loss",
    rows: [
      {
        row: 412,
        input:
          "Subject: your order has shipped\n\nDear customer, thank you for shopping with us. Your order #88213 left our " +
          "warehouse today and will arrive by Thursday. You can follow it in your account at any time. As a thank-you we " +
          "have put a voucher for 20% off your next order below; it is valid until the end of the month. Click here to " +
          "claim your voucher now. If you no longer wish to receive these messages, unsubscribe at the foot of this " +
          "page.",
        reference: "ham",
        prediction: "spam",
        score: 5.3127,
      },
      {
        row: 77,
        input:
          "hi, it was great to see you again. the pictures are here, have a look and tell me what you think",
        reference: "spam",
        prediction: "ham",
        score: 4.88,
      },
      {
        row: 1003,
        input: "العرض ينتهي اليوم! اربح جائزة كبرى الآن",
        reference: "spam",
        prediction: "ham",
        score: 4.12,
      },
    ],
  },
  probes: {
    kind: "probes",
    title: "Robustness",
    metric: "macroF1",
    rows: [
      {
        probe: "typos",
        about: "one word in ten with a letter swapped, dropped, doubled or hit beside its key",
        before: interval(0.9763, 0.9671, 0.985),
        after: interval(0.9631, 0.951, 0.974),
        difference: interval(-0.0132, -0.0212, -0.0061),
        changed: interval(0.021, 0.0143, 0.0309, 1179, "wilson"),
        example: { before: "Win cash now, click here!", after: "Win csah now, click hrre!" },
      },
      {
        probe: "uppercase",
        about: "all letters upper case",
        before: interval(0.9763, 0.9671, 0.985),
        after: interval(0.9763, 0.9671, 0.985),
        difference: { ...interval(0, 0, 0), method: "degenerate" },
        changed: interval(0, 0, 0.0032, 1179, "wilson"),
      },
      {
        probe: "truncated",
        about: "the first half of the words",
        before: interval(0.9763, 0.9671, 0.985),
        after: interval(0.9712, 0.9601, 0.981),
        difference: interval(-0.0051, -0.0124, 0.0017),
        changed: interval(0.0178, 0.0117, 0.0271, 1179, "wilson"),
      },
    ],
  },
  canaries: {
    kind: "canaries",
    title: "Canaries",
    rows: [
      {
        name: "plain greeting",
        input: "Hi Anna, shall we meet at nine?",
        expected: "ham",
        got: "ham",
        passed: true,
      },
      {
        name: "advance fee",
        input: "I am a prince and need your help to move $10,000,000",
        expected: "spam",
        got: "ham",
        passed: false,
      },
      { name: "empty", input: "", expected: "ham", got: "ham", passed: true },
    ],
  },
  safety: {
    kind: "safety",
    title: "Safety filter",
    flagged: interval(0.0025, 0.0009, 0.0074, 1179, "wilson"),
    rows: [
      {
        row: 15,
        where: "input",
        rule: "card number",
        text: "my card is 4111 1111 1111 1111, please charge it",
      },
      { row: 230, where: "input", rule: "e-mail address", text: "write to jane@example.org" },
      { row: 871, where: "input", rule: "e-mail address", text: "contact: sales@example.com" },
    ],
  },
  latency: { kind: "latency", title: "Latency", p50: 18.8, p95: 31.4, p99: 38.2, batch: 1, calls: 200 },
};

/** A report with a section of every kind. */
export const sampleReport: Report = {
  format: "weir-report/1",
  title: "Spam filter on the held-out mail",
  task: "text-classification",
  createdAt: "2026-03-02T14:05:00Z",
  model: { name: "spam", version: "1.1.0", device: "native", sizeBytes: 17_640_000, parameters: 4_386_178 },
  data: { source: "test.jsonl", n: 1179, hash: `sha256:${"3f9a".repeat(16)}` },
  intervals: { confidence: 0.95, resamples: 1000, seed: 0 },
  metrics: [
    {
      name: "macroF1",
      label: "macro F1",
      interval: interval(0.9763, 0.9671, 0.985),
      better: "higher",
      why: "weighs both classes alike, though there is three times as much ham",
      primary: true,
    },
    {
      name: "accuracy",
      label: "accuracy",
      interval: interval(0.9805, 0.9709, 0.987, 1179, "wilson"),
      better: "higher",
      why: "the share of mail that is sorted right",
      primary: true,
    },
    {
      name: "matthewsCorrelation",
      label: "Matthews correlation",
      interval: interval(0.9509, 0.931, 0.9695),
      better: "higher",
      why: "uses all four cells of the confusion matrix",
    },
    {
      name: "rocAuc",
      label: "ROC-AUC",
      interval: interval(0.9951, 0.9922, 0.9979, 1179, "delong"),
      better: "higher",
      why: "how well scores rank spam above ham, at any threshold",
    },
    {
      name: "expectedCalibrationError",
      label: "expected calibration error",
      interval: interval(0.0121, 0.0078, 0.0206, 1179, "percentile"),
      better: "lower",
      why: "how far confidence lies from accuracy",
      signature: "bins:10|equal-mass:no",
    },
    {
      name: "bitsPerRow",
      label: "log loss",
      interval: interval(0.0834, 0.0651, 0.1092),
      better: "lower",
      unit: "bits",
      why: "punishes confident mistakes",
    },
  ],
  sections: [
    sampleSections.gate,
    sampleSections.comparison,
    sampleSections.classes,
    sampleSections.confusion,
    sampleSections.curve,
    sampleSections.reliability,
    sampleSections.histogram,
    sampleSections.bars,
    sampleSections.latency,
    sampleSections.slices,
    sampleSections.worst,
    sampleSections.probes,
    sampleSections.canaries,
    sampleSections.safety,
  ],
  notes: [
    "The mail is from 2002; spam has changed since.",
    "Rows that also stood in the training data were left out before.",
  ],
};
