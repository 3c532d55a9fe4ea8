import assert from "node:assert/strict";
import {
  formatAmount,
  formatBytes,
  formatCount,
  formatDuration,
  formatPValue,
  plural,
} from "../../src/base/format.ts";

Deno.test("bytes have three digits in the unit that reads best", () => {
  const shown = [0, 999, 1500, 15_600_000, 17_649_000, 3.2e9, 999_999, 5e15].map((bytes) =>
    formatBytes(bytes)
  );
  assert.deepEqual(shown, ["0 B", "999 B", "1.5 kB", "15.6 MB", "17.6 MB", "3.2 GB", "1000 kB", "5000 TB"]);
  const binary = [1023, 48 * 1024, 2 ** 31, 1.5 * 2 ** 40].map((bytes) =>
    formatBytes(bytes, { binary: true })
  );
  assert.deepEqual(binary, ["1023 B", "48 KiB", "2 GiB", "1.5 TiB"]);
  assert.deepEqual([0, 950, 1.5e12, 2e16].map((x) => formatAmount(x, "FLOP/s")), [
    "0 FLOP/s",
    "950 FLOP/s",
    "1.5 TFLOP/s",
    "20 PFLOP/s",
  ]);
});

Deno.test("durations, counts and p-values read as people write them", () => {
  assert.deepEqual([0, 61_000, 3_600_000].map(formatDuration), ["0:00", "1:01", "1:00:00"]);
  assert.deepEqual([0, 999, 1179, 1_234_567].map(formatCount), ["0", "999", "1,179", "1,234,567"]);
  assert.deepEqual([plural(1, "text"), plural(2000, "text"), plural(2, "class", "classes")], [
    "1 text",
    "2,000 texts",
    "2 classes",
  ]);
  assert.deepEqual([1e-5, 0.0123, 0.25, 1].map(formatPValue), ["< 0.0001", "0.012", "0.25", "1.00"]);
});
