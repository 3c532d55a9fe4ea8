import assert from "node:assert/strict";
import { ServeError } from "../../src/serve/errors.ts";
import type { TokenBatch } from "../../src/serve/protocol.ts";
import { openSession } from "../../src/serve/session.ts";

const golden = new URL("../golden/serve/", import.meta.url).pathname;

function batchOf(rows: bigint[][]): TokenBatch {
  const inputIds = new BigInt64Array(rows.flat());
  return {
    batch: rows.length,
    sequence: rows[0].length,
    inputIds,
    attentionMask: new BigInt64Array(inputIds.length).fill(1n),
    tokenTypeIds: new BigInt64Array(inputIds.length),
  };
}

Deno.test("a run that never ends is stopped with its Worker, and the next one gets a new Worker", async () => {
  const { Worker } = globalThis;
  let ended = 0;
  globalThis.Worker = class extends Worker {
    override terminate(): void {
      ended++;
      super.terminate();
    }
  };
  // This model goes round a loop as often as its greatest id says.
  const session = await openSession({ modelPath: `${golden}slow.onnx`, device: "wasm", timeoutMs: 3_000 });
  try {
    assert.deepEqual([...(await session.run(batchOf([[3n, 4n]]))).data], [7, 4]);
    const begun = performance.now();
    await assert.rejects(session.run(batchOf([[1n << 50n, 1n]])), (error) => {
      assert.ok(error instanceof ServeError);
      assert.equal(error.kind, "timeout");
      assert.match(error.message, /No answer from the model within 3000 ms/);
      return true;
    });
    assert.ok(performance.now() - begun >= 2_990);
    assert.equal(ended, 1);
    assert.deepEqual([...(await session.run(batchOf([[1n, 2n], [5n, 5n]]))).data], [3, 5, 10, 5]);
    assert.equal(session.restarts, 1);
  } finally {
    session.close();
    globalThis.Worker = Worker;
  }
});

Deno.test("a Worker that has died is replaced before the next run", async () => {
  const { Worker } = globalThis;
  const workers: Worker[] = [];
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workers.push(this);
    }
  };
  const session = await openSession({ modelPath: `${golden}slow.onnx`, device: "wasm" });
  try {
    workers[0].dispatchEvent(new ErrorEvent("error", { message: "out of memory", cancelable: true }));
    assert.deepEqual([...(await session.run(batchOf([[2n]]))).data], [2, 2]);
    assert.equal(session.restarts, 1);
  } finally {
    session.close();
    globalThis.Worker = Worker;
  }
});

Deno.test("closing ends a run under way, and refuses later ones", async () => {
  const session = await openSession({ modelPath: `${golden}slow.onnx`, device: "wasm" });
  const hanging = session.run(batchOf([[1n << 50n]]));
  hanging.catch(() => {});
  session.close();
  for (const run of [hanging, session.run(batchOf([[1n]]))]) {
    await assert.rejects(run, (error) => error instanceof ServeError && error.kind === "closed");
  }
});

Deno.test("a model that does not load is an error that names it", async () => {
  await assert.rejects(
    openSession({ modelPath: `${golden}expected.json`, device: "wasm" }),
    (error) => {
      assert.ok(error instanceof ServeError);
      assert.equal(error.kind, "bundle");
      assert.match(error.message, /^Cannot load .*expected\.json on wasm: .+\.$/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    },
  );
});

Deno.test("a batch that the model refuses fails, and the Worker lives on", async () => {
  const session = await openSession({ modelPath: `${golden}bundle/onnx/model.onnx`, device: "wasm" });
  try {
    await assert.rejects(session.run(batchOf([[99999n]])), (error) => {
      assert.ok(error instanceof ServeError && error.kind === "backend");
      return true;
    });
    assert.equal((await session.run(batchOf([[2n, 3n]]))).classes, 2);
    assert.equal(session.restarts, 0);
  } finally {
    session.close();
  }
});
