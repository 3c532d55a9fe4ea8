import assert from "node:assert/strict";
import { classificationReport } from "../../../src/evaluate/classification/classification.ts";
import { formatReport } from "../../../src/evaluate/classification/format.ts";

Deno.test("a report reads as aligned tables", () => {
  const report = classificationReport([0, 0, 0, 1], [0, 0, 1, 1], { labels: ["ham", "spam"], resamples: 0 });
  assert.equal(
    formatReport(report),
    `4 rows

                       value      95% interval
accuracy              0.7500  0.3006 to 0.9544
balanced accuracy     0.8333  0.8333 to 0.8333
Matthews correlation  0.5774  0.5774 to 0.5774
macro F1              0.7333  0.3346 to 0.9256
weighted F1           0.7667  0.7667 to 0.7667
F1 of spam            0.6667  0.1727 to 0.9504

class  precision  recall      F1      95% interval  rows
ham       1.0000  0.6667  0.8000  0.3439 to 0.9683     3
spam      0.5000  1.0000  0.6667  0.1727 to 0.9504     1

true \\ predicted  ham  spam
ham                 2     1
spam                0     1
`,
  );
});

Deno.test("labels cannot send control characters to the terminal or break the table", () => {
  const labels = ["\x1b[2Jevil\nname", "x".repeat(100)];
  const text = formatReport(classificationReport([0, 1], [0, 1], { labels }));
  assert.ok(!text.includes("\x1b") && !text.includes("evil\n"));
  assert.ok(text.split("\n").every((line) => line.length < 110));
});

Deno.test("a confusion matrix too wide for a terminal is left out", () => {
  const labels = Array.from({ length: 13 }, (_, k) => `c${k}`);
  assert.doesNotMatch(formatReport(classificationReport([0], [0], { labels })), /predicted/);
});

Deno.test("F-beta stands below F1, for the classes and for the positive one", () => {
  const report = (labels: string[]) =>
    formatReport(classificationReport([0, 0, 0, 1], [0, 0, 1, 1], { labels, betas: [2], resamples: 0 }));
  assert.match(report(["ham", "spam"]), /\nF1 of spam .*\nmacro F2 +0\.7738 .*\nF2 of spam +0\.8333 /);
  assert.doesNotMatch(report(["ham", "spam", "eggs"]), /F2 of/);
});
