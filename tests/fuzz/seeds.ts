/**
 * Longer good inputs of the fuzzer.
 *
 * @module
 */

const interval = { value: 0.9, low: 0.8, high: 0.95, confidence: 0.95, n: 50 };

/** A report with a section of three kinds. */
export const sampleReport = {
  format: "weir-report/1",
  title: "Spam",
  task: "text-classification",
  createdAt: "2026-03-02T14:05:00Z",
  data: { source: "test.jsonl", n: 50 },
  intervals: { confidence: 0.95, resamples: 1000, seed: 0 },
  metrics: [{ name: "accuracy", label: "accuracy", better: "higher", interval }],
  sections: [
    {
      kind: "classes",
      title: "Classes",
      rows: [{ label: "ham", precision: interval, recall: interval, f1: interval, support: 3 }],
    },
    { kind: "confusion", title: "Confusion", labels: ["a", "b"], counts: [[1, 2], [3, 4]] },
    { kind: "latency", title: "Latency", p50: 1, p95: 2, p99: 3, batch: 1, calls: 200 },
  ],
  notes: ["one"],
};
