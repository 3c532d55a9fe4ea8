// Token classification on the command line and over HTTP.
import assert from "node:assert/strict";
import { join } from "node:path";
import { createApp } from "../../routes/app.ts";
import { createRandomStream } from "../../src/base/random.ts";
import { createService } from "../../src/serve/service.ts";
import { withFolder } from "../folder.ts";
import { tiny, weir } from "./cli.ts";

const people = ["Anna", "José", "Zoe\u0308", "Li"];
const places = ["Rome", "Zürich", "東京", "Oslo"];

const others = "😀 👋🏽 the flight of with on is late today and soon was full again by noon . ,".split(" ");

/** Sentences in columns, in which every name is of one type. */
function sentences(count: number): string {
  const random = createRandomStream(3);
  const some = () => Array.from({ length: 1 + random.integer(4) }, () => `${random.pick(others)}\tO`);
  return Array.from({ length: count }, () => {
    const names = [`${random.pick(people)}\tB-PER`, ...some(), `${random.pick(places)}\tB-LOC`];
    return [...some(), ...names, "", ""].join("\n");
  }).join("");
}

Deno.test("entities are learnt from columns, scored, and found at their characters by predict and over HTTP", async (t) => {
  await withFolder(async (folder) => {
    const at = ["--home", join(folder, "home")], on = [...at, "--device", "wasm", "--json"];
    const data = join(folder, "flights.conll");
    await Deno.writeTextFile(data, sentences(300));
    const train = ["train", ...at, "--data", data, "--task", "token-classification", ...tiny];
    const learning = ["--hidden-size", "32", "--learning-rate", "0.02", "--epochs", "4"];
    const { code, stdout, stderr } = await weir(...train, ...learning, "--name", "flights", "--json");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /entities of the types LOC, PER/);
    const { path, metrics } = JSON.parse(stdout);
    assert.ok(metrics.f1.value > 0.95 && metrics.f1.low < metrics.f1.high + 1e-9, JSON.stringify(metrics.f1));

    const text = "👋🏽 Zoe\u0308 was in 東京 , José in Zürich";
    const wanted = [
      ...[["PER", "Zoe\u0308", 3, 7], ["LOC", "東京", 15, 17]],
      ...[["PER", "José", 20, 24], ["LOC", "Zürich", 28, 34]],
    ];
    interface Found {
      readonly entity_group: string;
      readonly word: string;
      readonly start: number;
      readonly end: number;
    }
    const shown = (answer: Found[]) =>
      answer.map(({ entity_group, word, start, end }) => [entity_group, word, start, end]);

    await t.step("predict", async () => {
      const { predictions } = JSON.parse((await weir("predict", "--model", "flights", ...on, text)).stdout);
      assert.deepEqual(shown(predictions[0].answer), wanted);
    });

    await t.step("eval, with a canary", async () => {
      const canaries = join(folder, "canaries.json");
      await Deno.writeTextFile(canaries, JSON.stringify([{ input: "Oslo", expected: 'LOC "Oslo" 0-4' }]));
      const run = await weir("eval", "--model", "flights", "--data", data, "--canaries", canaries, ...on);
      assert.equal(run.code, 0, run.stderr);
      const report = JSON.parse(run.stdout);
      assert.ok(report.metrics.find(({ name }: { name: string }) => name === "f1").interval.value > 0.95);
      const canary = report.sections.find(({ kind }: { kind: string }) => kind === "canaries");
      assert.equal(canary.rows[0].passed, true, JSON.stringify(canary));
    });

    await t.step("POST /v1/token-classification", async () => {
      const service = await createService({ bundle: path, device: "wasm", warmUpMs: 0 });
      const app = createApp({ models: [{ service }] });
      try {
        const response = await app.request("/v1/token-classification", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ inputs: ["Li", text], parameters: { aggregation_strategy: "simple" } }),
        });
        assert.equal(response.status, 200);
        assert.deepEqual(shown((await response.json())[1]), wanted);
      } finally {
        app.close();
        await service.close();
      }
    });
  });
});
