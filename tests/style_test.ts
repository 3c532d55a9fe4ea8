import assert from "node:assert/strict";
import { styleProblems } from "./style.ts";

const root = new URL("../", import.meta.url);
const folders = ["src/", "models/", "routes/", "bench/", "examples/", "docs/"];
const files = ["mod.ts", "README.md", "CONTRIBUTING.md"];

Deno.test("every file says what it is for, in lines of 130 columns and in the words of the field", async () => {
  const problems: string[] = [];
  let read = 0;
  for await (const path of paths()) {
    problems.push(...styleProblems(path, await Deno.readTextFile(new URL(path, root))));
    read++;
  }
  assert.ok(read > 300, `${read} files were read`);
  assert.deepEqual(problems, []);
});

Deno.test("each kind of problem is found, and its line names the file", () => {
  const head = "/**\n * A file.\n *\n * @module\n */\n";
  const cases: [path: string, text: string, problem: RegExp][] = [
    ["src/x.ts", "export const x = 1;\n", /^src\/x\.ts: no @module header/],
    ["src/x.ts", `${head}// ${"long ".repeat(26)}\n`, /^src\/x\.ts:6: 133 columns, at most 130$/],
    ["docs/x.md", "The slopes of the loss.", /^docs\/x\.md:1: "slopes"; the field says gradient$/],
    ["src/x.ts", `${head}// a CPU that plays GPU\n`, /it is a software adapter/],
    ["src/x.ts", `${head}/** What came of it. */\n`, /"came of it"; say what happens/],
    ["src/x.ts", `${head}await Deno.readFile(path);\n`, /^src\/x\.ts:6: reads a file by itself/],
    ["routes/x.ts", `${head}Deno.openSync(path, { read: true });\n`, /reads a file by itself/],
    ["src/x.ts", `${head}import { readFile } from "node:fs/promises";\n`, /reads a file by itself/],
    [
      "src/x.ts",
      `${head}/**\n * ${
        "only the first one of them waits ".repeat(3)
      }what the\n * others\n * read is bound\n */\n`,
      /^src\/x\.ts:8: a reflow has broken the sentence here$/,
    ],
  ];
  for (const [path, text, problem] of cases) {
    const found = styleProblems(path, text);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0], problem);
  }
  const quiet = [
    ["src/base/x.ts", "await Deno.open(path);"],
    ["src/x.ts", "await Deno.open(path, { write: true, createNew: true });"],
    ["src/x.ts", " * await Deno.readTextFile(path);"],
    ["routes/x.ts", `Deno.readTextFile(new URL("style.css", import.meta.url));`],
    ["src/x.ts", `import { statfs } from "node:fs/promises";`],
    ["bench/x.ts", "await Deno.readFile(path);"],
  ];
  for (const [path, line] of quiet) assert.deepEqual(styleProblems(path, `${head}${line}\n`), [], line);
  assert.deepEqual(styleProblems("docs/x.md", `| ${"a wide table ".repeat(20)} |`), []);
});

async function* paths(): AsyncGenerator<string> {
  yield* files;
  for (const folder of folders) yield* pathsIn(folder);
}

async function* pathsIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory && !["results", "peers", "node_modules"].includes(name)) {
      yield* pathsIn(`${folder}${name}/`);
    } else if (/\.(tsx?|md)$/.test(name)) yield `${folder}${name}`;
  }
}
