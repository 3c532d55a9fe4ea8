import assert from "node:assert/strict";
import { type Import, scan, violations } from "./layers.ts";

const root = new URL("../", import.meta.url);

Deno.test("every import in the tree is one that the design allows, and no file is in a cycle", async () => {
  const sources = await readSources();
  assert.ok(sources.size > 10, "the sources were found");
  assert.deepEqual(violations(sources), []);
});

Deno.test("the scanner sees the imports that Deno's own parser sees", async () => {
  const sources = await readSources();
  const info = await denoInfo([...sources.keys()]);
  let compared = 0;
  for (const module of info.modules) {
    const path = module.specifier.slice(root.href.length);
    const source = sources.get(path);
    if (source === undefined || module.error !== undefined) continue;
    // The compiler imports the JSX runtime, whether the file does or not.
    const comparable = (specifiers: string[]) =>
      [...new Set(specifiers)].filter((specifier) => !specifier.endsWith("/jsx-runtime")).sort();
    const seen = scan(source).imports.filter((found) => found.kind === "import").map((found) =>
      found.specifier
    );
    const wanted = (module.dependencies ?? []).map((dependency) => dependency.specifier);
    assert.deepEqual(comparable(seen), comparable(wanted), path);
    compared++;
  }
  assert.ok(compared > 10, `${compared} files were compared`);
});

const clean: Record<string, string> = {
  "mod.ts": `export { train } from "./src/train/trainer.ts"; export * from "./routes/app.ts";`,
  "models/bert.ts":
    `import { linear } from "../src/nn/linear.ts"; import type { Graph } from "../src/graph/graph.ts";`,
  "routes/app.ts":
    `import { Hono } from "hono"; import { z } from "@hono/zod-openapi"; import "../src/serve/service.ts";`,
  "src/base/errors.ts": `import { createHash } from "node:crypto";`,
  "src/statistics/special.ts": `import { clamp } from "../base/errors.ts";`,
  "src/graph/graph.ts":
    `import "./ops/add.ts"; import "../base/errors.ts"; import "../statistics/special.ts";`,
  "src/base/random.ts": ``,
  "src/statistics/bootstrap.ts": `import "../base/random.ts";`,
  "src/people/kappa.ts": `import "../statistics/bootstrap.ts"; import "../base/random.ts";`,
  "src/report/html.ts":
    `import type { Report } from "../evaluate/report.ts"; import "../statistics/bootstrap.ts";`,
  "src/evaluate/report.ts": ``,
  "src/evaluate/mod.ts": `export * from "../report/html.ts"; export * from "../people/kappa.ts";`,
  "src/graph/ops/add.ts": `export const add = 1;`,
  "src/nn/linear.ts": `import { add } from "../graph/ops/add.ts"; export const linear = add;`,
  "src/tasks/served.ts": `import "./x/serve.ts"; import "../evaluate/report.ts";`,
  "src/tasks/trained.ts": `import "./x/train.ts";`,
  "src/tasks/x/serve.ts": `import "../../text/x.ts"; import "../../drift/x.ts";`,
  "src/tasks/x/train.ts":
    `import "./serve.ts"; import "../../graph/graph.ts"; import "../../../models/bert.ts";`,
  "src/drift/x.ts": ``,
  "src/text/x.ts": ``,
  "src/train/trainer.ts": `import type { Backend } from "../backend/interface.ts";`,
  "src/data/jsonl.ts":
    `import { parquetMetadata } from "hyparquet"; import config from "../../deno.json" with { type: "json" };`,
  "src/backend/interface.ts": `import type { Graph } from "../graph/graph.ts";`,
  "src/backend/gpu/device/device.ts": `import "../../interface.ts"; const gpu = navigator.gpu;`,
  "src/backend/ort/load.ts": `export const loadRuntime = () => import("onnxruntime-web/webgpu");`,
  "src/backend/ort/run.ts":
    `await import("onnxruntime-web"); await import(name); import "../../onnx/writer.ts";`,
  "src/onnx/writer.ts": ``,
  "src/serve/service.ts":
    `new Worker(new URL("./worker.ts", import.meta.url)); new URL("./icon.svg", import.meta.url);`,
  "src/serve/worker.ts":
    `import type { Reply } from "./service.ts"; import { loadRuntime } from "../backend/ort/load.ts";`,
  "src/store/sqlite.ts": `import { DatabaseSync } from "node:sqlite"; import { Kysely } from "kysely";`,
  "src/cli/main.ts": `import "../../mod.ts"; console.log("here only");`,
};

Deno.test("a tree that keeps to the design has no violation", () => {
  assert.deepEqual(violations(new Map(Object.entries(clean))), []);
});

Deno.test("each kind of violation is found, and its line names the file and the rule", async (t) => {
  const cases: [path: string, source: string, wanted: string | RegExp][] = [
    [
      "src/nn/x.ts",
      `import { y } from "../train/y.ts";`,
      "src/nn/x.ts imports src/train/y.ts: nn may import graph only",
    ],
    ["src/base/x.ts", `import "../graph/graph.ts";`, /base may import nothing of ours/],
    ["src/base/x.ts", `import "../statistics/special.ts";`, /base may import nothing of ours/],
    ["src/statistics/x.ts", `import "../text/x.ts";`, /statistics may import base only/],
    [
      "src/graph/x.ts",
      `import { y } from "../nn/y.ts";`,
      "src/graph/x.ts imports src/nn/y.ts: graph may import nothing of ours",
    ],
    [
      "src/text/x.ts",
      `export * from "../data/jsonl.ts";`,
      /src\/text\/x\.ts imports src\/data\/jsonl\.ts: text may import nothing/,
    ],
    ["src/text/x.ts", `export { type A } from '../data/jsonl.ts'`, /text may import nothing of ours/],
    ["src/drift/x.ts", `import type { A } from "../evaluate/a.ts";`, /drift may import nothing of ours/],
    ["src/evaluate/x.ts", `import { a } from "../report/a.ts";`, /evaluate may import nothing of ours/],
    ["src/statistics/x.ts", `import { a } from "../evaluate/a.ts";`, /statistics may import base only/],
    ["src/base/x.ts", `import { a } from "../statistics/a.ts";`, /base may import nothing of ours/],
    ["src/data/x.ts", `const a = await import("../nn/linear.ts");`, /data may import text only/],
    ["src/data/x.ts", `type A = typeof import("../nn/linear.ts");`, /data may import text only/],
    ["src/data/x.ts", `import {\n  a,\n  b,\n} from\n  "../nn/linear.ts";`, /data may import text only/],
    ["src/data/x.ts", `const a = /["'\`]/; import "../nn/linear.ts";`, /data may import text only/],
    [
      "src/train/x.ts",
      `import "../backend/gpu/device/device.ts";`,
      /src\/train\/x\.ts imports src\/backend\/gpu\/device\/device\.ts: train may import .*backend\/interface\.ts only/,
    ],
    [
      "src/train/x.ts",
      `import "../../models/bert.ts";`,
      /imports models\/bert\.ts: train may import graph, nn/,
    ],
    [
      "src/backend/gpu/x.ts",
      `import "../interp/run.ts";`,
      /backend\/gpu may import graph, backend only/,
    ],
    [
      "src/backend/ort/x.ts",
      `import "../gpu/device/device.ts";`,
      /backend\/ort may import graph, onnx, backend only/,
    ],
    [
      "src/backend/all.ts",
      `import "./gpu/device/device.ts";`,
      "src/backend/all.ts imports src/backend/gpu/device/device.ts: backend may import graph only",
    ],
    ["src/backend/tpu/x.ts", ``, "src/backend/tpu/x.ts belongs to no part of the design"],
    [
      "src/serve/x.ts",
      `import "../backend/feeds.ts";`,
      /imports src\/backend\/feeds\.ts: serve may import .*backend\/interface\.ts, backend\/ort\/load\.ts only/,
    ],
    ["src/misc/x.ts", ``, "src/misc/x.ts belongs to no part of the design"],
    [
      "src/serve/x.ts",
      `new Worker(new URL("../train/trainer.ts", import.meta.url), { type: "module" });`,
      /serve may import .* only/,
    ],
    [
      "src/serve/x.ts",
      `const url = import.meta.resolve("../train/trainer.ts");`,
      /imports src\/train\/trainer\.ts: serve may import/,
    ],
    ["src/registry/x.ts", `import "../serve/service.ts";`, /registry may import store, bundle only/],
    [
      "routes/x.ts",
      `import "../src/train/trainer.ts";`,
      /^routes\/x\.ts imports src\/train\/trainer\.ts: routes may import serve/,
    ],
    [
      "src/tasks/x/serve.ts",
      `import "../../graph/graph.ts";`,
      /tasks may import text, data, evaluate, drift only/,
    ],
    ["src/serve/x.ts", `import "../tasks/trained.ts";`, /serve may import tasks, bundle/],
    ["models/x.ts", `import "../src/train/trainer.ts";`, /models may import graph, nn only/],
    ["src/nn/x.ts", `import "../../mod.ts";`, /src\/nn\/x\.ts imports mod\.ts: nn may import graph only/],
    [
      "src/nn/x.ts",
      `import "../../tests/layers.ts";`,
      /imports tests\/layers\.ts: it lies outside the parts/,
    ],
    [
      "src/serve/x.ts",
      `const a = await navigator.gpu.requestAdapter();`,
      "src/serve/x.ts uses navigator.gpu: only backend/gpu may",
    ],
    ["src/serve/x.ts", `const a = globalThis.navigator?.gpu;`, /uses navigator\.gpu/],
    ["src/cli/x.ts", `const { gpu } = navigator;`, /src\/cli\/x\.ts uses navigator\.gpu/],
    ["src/cli/x.ts", `navigator["gpu"]`, /uses navigator\.gpu/],
    [
      "src/backend/gpu/x.ts",
      `import * as ort from "onnxruntime-web/webgpu";`,
      "src/backend/gpu/x.ts imports onnxruntime-web/webgpu: only backend/ort may",
    ],
    [
      "src/cli/x.ts",
      `await import("onnxruntime-node");`,
      /src\/cli\/x\.ts imports onnxruntime-node: only backend\/ort may/,
    ],
    [
      "src/backend/ort/x.ts",
      `await import("onnxruntime-node");`,
      /src\/backend\/ort\/x\.ts imports onnxruntime-node: call importNative/,
    ],
    ["src/serve/x.ts", `import { Hono } from "hono";`, "src/serve/x.ts imports hono: only routes may"],
    [
      "src/serve/x.ts",
      `import { z } from "@hono/zod-openapi";`,
      /imports @hono\/zod-openapi: only routes may/,
    ],
    [
      "src/registry/x.ts",
      `import { DatabaseSync } from "node:sqlite";`,
      "src/registry/x.ts imports node:sqlite: only store may",
    ],
    ["src/track/x.ts", `import postgres from "postgres";`, /imports postgres: only store may/],
    ["src/train/x.ts", `console.log(1);`, "src/train/x.ts uses console: only cli may"],
    [
      "src/backend/gpu/plan/x.ts",
      `if (node.op === "state" || node.op !== "matmul") a();`,
      "src/backend/gpu/plan/x.ts asks whether a node is matmul: what the GPU knows of an op stands in its rule",
    ],
    [
      "src/graph/passes/x.ts",
      `node.op.startsWith("attention")`,
      /reads an op's name: what an op is, its own/,
    ],
    ["routes/x.ts", `globalThis.console.error(1);`, /routes\/x\.ts uses console/],
    [
      "src/text/x.ts",
      `import { a } from "jsr:@std/path";`,
      /imports jsr:@std\/path: import npm packages by the bare name/,
    ],
    [
      "src/text/x.ts",
      `const name = "hono"; await import(name);`,
      /src\/text\/x\.ts computes what it imports/,
    ],
    ["src/text/x.ts", `import "./x.ts";`, "import cycle: src/text/x.ts -> src/text/x.ts"],
    [
      "src/graph/ops/add.ts",
      `import "../graph.ts";`,
      "import cycle: src/graph/graph.ts -> src/graph/ops/add.ts -> src/graph/graph.ts",
    ],
  ];
  for (const [path, source, wanted] of cases) {
    await t.step(`${path}: ${source.replace(/\s+/g, " ")}`, () => {
      const found = violations(new Map(Object.entries({ ...clean, [path]: source })));
      assert.equal(found.length, 1, found.join("\n"));
      if (typeof wanted === "string") assert.equal(found[0], wanted);
      else assert.match(found[0], wanted);
    });
  }
});

Deno.test("text that only looks like an import or a use is none", () => {
  const quiet = [
    `// import "../train/trainer.ts"; console.log(navigator.gpu)`,
    `/** \`\`\`ts\n * import { a } from "../train/trainer.ts";\n * console.log(a);\n * \`\`\` */`,
    `const help = "there is no navigator.gpu here, console.log(1)";`,
    `const code = \`import x from "../train/trainer.ts"; console.log(1)\`;`,
    `const pattern = /console.log|"/; const other = 1 / 2; const text = "a"; // it's`,
    `const list = Array.from("abc");`,
    `const url = "http://localhost"; const a = 'it\\'s // not a comment';`,
  ];
  for (const source of quiet) {
    assert.deepEqual(violations(new Map([["src/text/x.ts", source]])), [], source);
  }
});

Deno.test("a Worker's script and the file that starts it may know each other", () => {
  const imports = (source: string): Import[] => scan(source).imports;
  assert.deepEqual(imports(clean["src/serve/service.ts"]), [{ specifier: "./worker.ts", kind: "url" }]);
});

/** What Deno's own parser finds, by way of a module that imports all of `paths`. */
async function denoInfo(paths: string[]): Promise<ModuleInfo> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    entry,
    paths.map((path) => `import ${JSON.stringify(new URL(path, root).href)};`).join("\n"),
  );
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", "deno.json", entry],
    cwd: root,
    stdin: "null",
    stderr: "inherit",
  }).output();
  await Deno.remove(entry);
  return JSON.parse(new TextDecoder().decode(output.stdout));
}

interface ModuleInfo {
  modules: { specifier: string; error?: string; dependencies?: { specifier: string }[] }[];
}

async function readSources(): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(new URL(folder, root))) {
      const path = folder + entry.name;
      if (entry.isDirectory) await walk(path + "/");
      else if (/\.tsx?$/.test(path)) sources.set(path, await Deno.readTextFile(new URL(path, root)));
    }
  }
  for (const folder of ["src/", "models/", "routes/"]) await walk(folder);
  sources.set("mod.ts", await Deno.readTextFile(new URL("mod.ts", root)));
  return sources;
}
