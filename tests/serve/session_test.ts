import assert from "node:assert/strict";
import { ServeError } from "../../src/serve/errors.ts";
import type { RunRequest } from "../../src/serve/protocol.ts";
import { type ModelSession, openSession, type SessionOptions } from "../../src/serve/session.ts";
import { padTokens } from "../../src/text/pad.ts";

const golden = new URL("../golden/serve/", import.meta.url).pathname;

/** As a token id it keeps `slow.onnx` busy for hours: that model goes round a loop as often as its greatest id says. */
const ENDLESS = 2 ** 31 - 1;

function batchOf(rows: number[][], outputs = ["logits"]): RunRequest {
  const texts = rows.map((ids) => ({ ids, typeIds: ids.map(() => 0) }));
  return { feeds: { ...padTokens(texts, { padId: 0 }) }, outputs };
}

async function open(file: string, options: Partial<SessionOptions> = {}): Promise<ModelSession> {
  const name = `${golden}${file}`;
  return await openSession({ model: await Deno.readFile(name), name, device: "wasm", ...options });
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
  const session = await open("slow.onnx", { timeoutMs: 3_000 });
  try {
    assert.deepEqual([...(await session.run(batchOf([[3, 4]]))).outputs.logits.data], [7, 4]);
    const begun = performance.now();
    await assert.rejects(session.run(batchOf([[ENDLESS, 1]])), (error) => {
      assert.ok(error instanceof ServeError);
      assert.equal(error.kind, "timeout");
      assert.match(error.message, /No answer from the model within 3000 ms/);
      return true;
    });
    assert.ok(performance.now() - begun >= 2_990);
    assert.equal(ended, 1);
    assert.deepEqual([...(await session.run(batchOf([[1, 2], [5, 5]]))).outputs.logits.data], [3, 5, 10, 5]);
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
  const session = await open("slow.onnx");
  try {
    workers[0].dispatchEvent(new ErrorEvent("error", { message: "out of memory", cancelable: true }));
    assert.deepEqual([...(await session.run(batchOf([[2]]))).outputs.logits.data], [2, 2]);
    assert.equal(session.restarts, 1);
  } finally {
    session.close();
    globalThis.Worker = Worker;
  }
});

Deno.test("closing ends a run under way, and refuses later ones", async () => {
  const session = await open("slow.onnx");
  const hanging = session.run(batchOf([[ENDLESS]]));
  hanging.catch(() => {});
  session.close();
  for (const run of [hanging, session.run(batchOf([[1]]))]) {
    await assert.rejects(run, (error) => error instanceof ServeError && error.kind === "closed");
  }
});

Deno.test("a model that does not load is an error that names it", async () => {
  await assert.rejects(
    open("expected.json"),
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
  const session = await open("bundle/onnx/model.onnx");
  try {
    await assert.rejects(session.run(batchOf([[99999]])), (error) => {
      assert.ok(error instanceof ServeError && error.kind === "backend");
      return true;
    });
    assert.deepEqual((await session.run(batchOf([[2, 3]]))).outputs.logits.shape, [1, 2]);
    assert.equal(session.restarts, 0);
  } finally {
    session.close();
  }
});

Deno.test("outputs come by name, and what the model lacks or is not given is an error that names it", async () => {
  const session = await open("bundle/onnx/model.onnx");
  try {
    const refused = async (request: RunRequest, message: RegExp) =>
      await assert.rejects(session.run(request), (error) => {
        assert.ok(error instanceof ServeError && error.kind === "backend");
        assert.match(error.message, message);
        return true;
      });
    await refused(batchOf([[2, 3]], ["tags"]), /the model has no output "tags"; it has logits/);
    const { input_ids } = batchOf([[2, 3]]).feeds;
    await refused(
      { feeds: { input_ids }, outputs: ["logits"] },
      /the model reads an input "attention_mask"; there are input_ids/,
    );
    const { outputs } = await session.run(batchOf([[2, 3], [2, 3]]));
    assert.deepEqual(Object.keys(outputs), ["logits"]);
    assert.deepEqual(outputs.logits.shape, [2, 2]);
  } finally {
    session.close();
  }
});
