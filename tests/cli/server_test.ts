import assert from "node:assert/strict";
import type { Output } from "../../src/cli/output.ts";
import { startServer } from "../../src/cli/server.ts";
import { createService } from "../../src/serve/service.ts";
import { withSmallBundle } from "../e2e/export_bundle.ts";
import { post } from "../routes/harness.ts";

Deno.test("a server watches its traffic in a Worker that ends with it, and says once what it does not watch", () =>
  withSmallBundle(async ({ directory }) => {
    const started: string[] = [], ended: string[] = [];
    const { Worker } = globalThis;
    globalThis.Worker = class extends Worker {
      readonly #name: string;
      constructor(script: string | URL, options?: WorkerOptions) {
        super(script, options);
        started.push(this.#name = options?.name ?? "");
      }
      override terminate(): void {
        ended.push(this.#name);
        super.terminate();
      }
    };
    using _restore = { [Symbol.dispose]: () => void (globalThis.Worker = Worker) };
    const file = `${directory}/baseline.json`;
    const { features, ...baseline } = JSON.parse(await Deno.readTextFile(file));
    const known = features.filter(({ name }: { name: string }) => name !== "confidence");
    const bytes = new TextEncoder().encode(JSON.stringify({ ...baseline, features: known }));
    await Deno.writeFile(file, bytes);
    const list = `${directory}/weir.json`;
    const manifest = JSON.parse(await Deno.readTextFile(list));
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    manifest.files["baseline.json"] = { sizeBytes: bytes.length, sha256 };
    await Deno.writeTextFile(list, JSON.stringify(manifest));
    const service = await createService({ bundle: directory, device: "wasm", warmUpMs: 0 });
    const lines: string[] = [];
    const output: Output = {
      json: false,
      terminal: false,
      progress: (line) => lines.push(line),
      draw: () => {},
      result: () => {},
    };
    const server = startServer(service, {
      hostname: "127.0.0.1",
      port: 0,
      watching: { windowSize: 30 },
      output,
    });
    assert.deepEqual(lines, ['"confidence" is not watched for drift: the baseline has no reference of it']);
    for (let i = 0; i < 5; i++) {
      const inputs = Array.from({ length: 8 }, () => ["free money now"]);
      const response = await fetch(`${server.url}/predict`, post({ inputs }));
      assert.equal(response.status, 200, await response.text());
    }
    await new Promise((resolve) => setTimeout(resolve, 50)); // observations follow their answers
    const last = await server.monitor!.close(0);
    assert.deepEqual([last?.index, last?.n], [1, 10]);
    const snapshot = await (await fetch(`${server.url}/drift`)).json();
    assert.deepEqual([snapshot.windowsClosed, snapshot.windows[0].n, snapshot.notes], [
      2,
      30,
      lines.slice(0, 1),
    ]);
    assert.match(
      lines[1],
      /^small 1\.0\.0: traffic: New, repeated and empty texts: "repeated": 0% in the reference/,
    );
    assert.equal(started.filter((name) => name === "weir drift").length, 1);
    await server.close();
    assert.deepEqual(ended.toSorted(), started.toSorted());
  }));
