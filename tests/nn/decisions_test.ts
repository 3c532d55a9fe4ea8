import assert from "node:assert/strict";
import { createRandom } from "../../src/base/random.ts";
import { createBuilder, hostTensor } from "../../src/graph/graph.ts";
import { bestClass, choices, CHOICES_A_NUMBER } from "../../src/nn/decisions.ts";
import { candidates, testOn } from "../backend/available.ts";

/** Random logits with equal ones, very large ones and, in some rows, what is no finite number. */
function logitsOf(rows: number, width: number, strange: readonly number[]): Float32Array<ArrayBuffer> {
  const random = createRandom(rows * width);
  const data = Float32Array.from({ length: rows * width }, () => Math.round(8 * random() - 4));
  data[0] = 3e38;
  data[width] = -3e38;
  strange.forEach((value, i) => data[(2 + 2 * i) * width + Math.floor(width * random())] = value);
  return data;
}

const STRANGE = [NaN, Infinity, -Infinity];

for (const candidate of candidates) {
  for (const shape of [[24, 3], [9, 1], [2, 12, 9], [9, 300]]) {
    testOn(candidate, `the best class of ${shape.join(" x ")} logits`, async (backend) => {
      const width = shape.at(-1)!;
      const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
      const data = logitsOf(rows, width, STRANGE);
      const b = createBuilder();
      b.output("best", bestClass(b, b.input("logits", "f32", shape)));
      const program = await backend.compile(b.graph());
      const { best } = await program.run({ logits: hostTensor("f32", shape, data) });
      assert.deepEqual(best.shape, shape.slice(0, -1));
      const wanted = Array.from({ length: rows }, (_, row) => {
        const logits = data.subarray(row * width, (row + 1) * width);
        return logits.every(Number.isFinite) ? logits.indexOf(Math.max(...logits)) : -1;
      });
      assert.ok(wanted.filter((label) => label < 0).length === STRANGE.length);
      assert.deepEqual([...best.data], wanted);
    });
  }

  for (const width of [1, 5, 16, 17, 40]) {
    testOn(candidate, `which of ${width} labels are chosen`, async (backend) => {
      const rows = 9;
      const data = logitsOf(rows, width, STRANGE);
      const b = createBuilder();
      b.output("chosen", choices(b, b.input("logits", "f32", ["batch", width])));
      const program = await backend.compile(b.graph(), { bindings: { batch: rows } });
      const { chosen } = await program.run({ logits: hostTensor("f32", [rows, width], data) });
      const groups = Math.ceil(width / CHOICES_A_NUMBER);
      assert.deepEqual(chosen.shape, [rows, groups]);
      const wanted = Array.from({ length: rows }, (_, row) => {
        const logits = data.subarray(row * width, (row + 1) * width);
        if (!logits.every(Number.isFinite)) return new Array(groups).fill(-1);
        return Array.from(
          { length: groups },
          (_, group) =>
            logits.subarray(group * CHOICES_A_NUMBER, (group + 1) * CHOICES_A_NUMBER)
              .reduce((sum, logit, bit) => sum + (logit >= 0 ? 2 ** bit : 0), 0),
        );
      });
      assert.deepEqual([...chosen.data], wanted.flat());
    });
  }
}
