import assert from "node:assert/strict";
import { createBuilder, hostTensor } from "../../src/graph/graph.ts";
import { candidates } from "./available.ts";

for (const { device, available, open } of candidates) {
  Deno.test({
    name: `rows of one index are all added on ${device}, however many there are and run after run`,
    ignore: !available,
    async fn() {
      const [tokens, width, rows] = [4096, 128, 8000];
      const backend = await open();
      const b = createBuilder();
      const updates = b.input("updates", "f32", [tokens, width]);
      b.output("sums", b.scatterAdd(b.input("indices", "i32", [tokens]), updates, rows));
      const program = await backend.compile(b.graph());
      // A third of a batch is one token, as padding and punctuation are.
      const indices = Int32Array.from({ length: tokens }, (_, i) => i % 3 === 0 ? 7 : (i * 7919) % 50);
      const wanted = new Float32Array(rows * width);
      for (const index of indices) for (let j = 0; j < width; j++) wanted[index * width + j]++;
      const feeds = {
        indices: hostTensor("i32", [tokens], indices),
        updates: hostTensor("f32", [tokens, width], new Float32Array(tokens * width).fill(1)),
      };
      for (let run = 0; run < 3; run++) {
        const { sums } = await program.run(feeds);
        assert.ok(sums.data.every((v, i) => v === wanted[i]), `run ${run} lost or doubled rows`);
      }
      await backend.dispose();
    },
  });
}
