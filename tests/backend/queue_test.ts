import assert from "node:assert/strict";
import type { Program } from "../../src/backend/interface.ts";
import { createBuilder, hostTensor } from "../../src/graph/graph.ts";
import { candidates, testOn } from "./available.ts";

/** Outputs of several types and sizes, one of them made from a state that every run changes. */
function counting() {
  const b = createBuilder();
  const x = b.input("x", "f32", ["batch", 3]);
  const runs = b.state("runs", "f32", [], { role: "counter" });
  b.update(runs, b.add(runs, 1));
  b.output("twice", b.mul(x, 2));
  b.output("positive", b.less(0, x));
  b.output("total", b.sum(x));
  b.output("runs", runs);
  return b.graph();
}

const feedsOf = (batch: number, run: number) => ({
  x: hostTensor("f32", [batch, 3], Float32Array.from({ length: 3 * batch }, (_, i) => Math.sin(i + run))),
});

function plain(outputs: Awaited<ReturnType<Program["run"]>>) {
  return Object.fromEntries(
    Object.entries(outputs).map((
      [name, { dtype, shape, data }],
    ) => [name, { dtype, shape, data: [...data] }]),
  );
}

for (const candidate of candidates) {
  testOn(
    candidate,
    "queued runs give what single runs give, in their order, however many",
    async (backend) => {
      const [single, queued] = await Promise.all(
        [1, 2].map(() => backend.compile(counting(), { bindings: { batch: 5 } })),
      );
      assert.deepEqual(await queued.collect(), []);
      for (const count of [3, 600]) { // more than are kept on a device
        const wanted = [];
        for (let run = 0; run < count; run++) {
          wanted.push(plain(await single.run(feedsOf(5, run))));
          await queued.queue(feedsOf(5, run));
        }
        const collected = await queued.collect();
        assert.deepEqual(collected.map(plain), wanted);
      }
    },
  );

  testOn(candidate, "queued runs, steps and single runs do not mix up what they give", async (backend) => {
    const program = await backend.compile(counting(), { bindings: { batch: 2 } });
    await program.queue(feedsOf(2, 0));
    await program.step(feedsOf(2, 1));
    const { runs } = await program.run(feedsOf(2, 2));
    await program.queue(feedsOf(2, 3));
    assert.equal(runs.data[0], 2);
    assert.deepEqual((await program.drain()).map((record) => record.runs), [1]);
    assert.deepEqual((await program.collect()).map((outputs) => outputs.runs.data[0]), [0, 3]);
    assert.deepEqual(await program.collect(), []);
  });

  testOn(candidate, "a program without outputs can be queued", async (backend) => {
    const b = createBuilder();
    const total = b.state("total", "f32", [], { role: "counter" });
    b.update(total, b.add(total, b.sum(b.input("x", "f32", [2]))));
    const program = await backend.compile(b.graph());
    for (let i = 0; i < 3; i++) await program.queue({ x: hostTensor("f32", [2], [1, 2]) });
    assert.deepEqual(await program.collect(), [{}, {}, {}]);
    assert.equal((await program.read()).total.data[0], 9);
  });
}

testOn(candidates[0], "a hundred queued runs are read once", async (backend) => {
  const program = await backend.compile(counting(), { bindings: { batch: 2 } });
  const { mapAsync } = GPUBuffer.prototype;
  let reads = 0;
  GPUBuffer.prototype.mapAsync = function (...args) {
    reads++;
    return mapAsync.apply(this, args);
  };
  try {
    for (let run = 0; run < 100; run++) await program.queue(feedsOf(2, run));
    assert.equal((await program.collect()).length, 100);
    assert.equal(reads, 1);
  } finally {
    GPUBuffer.prototype.mapAsync = mapAsync;
  }
});
