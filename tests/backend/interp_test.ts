import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { createBuilder, hostTensor } from "../../src/graph/graph.ts";

Deno.test("what a caller does to feeds and outputs after a run does not reach the states", async () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [2]);
  const kept = b.state("kept", "f32", [2], { role: "buffer" });
  const total = b.state("total", "f32", [2], { role: "counter" });
  const next = b.add(total, x);
  b.update(kept, x);
  b.update(total, next);
  b.output("next", next);
  b.output("before", kept);
  const program = await createInterpBackend().compile(b.graph());
  const feed = hostTensor("f32", [2], [1, 2]);
  const outputs = [await program.run({ x: feed }), await program.run({ x: feed })];
  for (const { data } of [feed, ...outputs.flatMap((o) => Object.values(o))]) data.fill(-1);
  const { kept: keptNow, total: totalNow } = await program.read();
  assert.deepEqual([[...keptNow.data], [...totalNow.data]], [[1, 2], [2, 4]]);
});
