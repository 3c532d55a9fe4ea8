import assert from "node:assert/strict";
import { oneLine } from "../../src/base/text.ts";
import { weir, weirProcess } from "./cli.ts";
import { withFolder } from "../folder.ts";

const commands = [
  ["train"],
  ["data"],
  ["data", "check"],
  ["data", "clean"],
  ["predict"],
  ["eval"],
  ["score"],
  ["compare"],
  ["report"],
  ["export"],
  ["import"],
  ["serve"],
  ["drift"],
  ["registry"],
  ["registry", "list"],
  ["registry", "show"],
  ["registry", "verify"],
  ["registry", "alias"],
  ["demo"],
  ["doctor"],
];

for (const command of commands) {
  Deno.test(`weir ${command.join(" ")} --help says what it does, its options and an example`, async () => {
    const { code, stdout, stderr } = await weir(...command, "--help");
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.ok(stdout.startsWith(`Usage: weir ${command.join(" ")} `), stdout);
    assert.match(stdout, new RegExp(`Examples:\n  weir ${command.join(" ")}`));
    if (!["registry", "data"].includes(command[0]) || command[1]) {
      assert.match(stdout, /--json +print one JSON object/);
    }
  });
}

Deno.test("weir train --help names the columns of each task's rows", async () => {
  const { stdout } = await weir("train", "--help");
  assert.match(stdout, /^ {2}multi-label-classification {2}text, labels$/m);
  assert.match(stdout, /^ {2}sentence-embeddings +text, pair, score$/m);
});

Deno.test("weir --help names every command and says of each what its own help says, and weir --version its version", async () => {
  const { code, stdout } = await weir("--help");
  assert.equal(code, 0);
  const list = oneLine(stdout).replaceAll(/ +/g, " ");
  for (const name of new Set(commands.map(([name]) => name))) {
    const own = (await weir(name, "--help")).stdout.split("\n\n")[1];
    assert.ok(list.includes(` ${name} ${oneLine(own)} `), name);
  }
  assert.match((await weir("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("a process ends with the code of its command", async () => {
  const helped = await weirProcess(["registry", "list", "--help"]);
  assert.deepEqual([helped.code, helped.stderr], [0, ""]);
  const wrong = await weirProcess(["nonsense"]);
  assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
  assert.equal(wrong.stderr, "weir: unknown command 'nonsense'; weir --help says how\n");
});

const train = ["train", "--data", "mails.jsonl", "--name", "spam"];
const wrong: [what: string, args: string[], line: RegExp][] = [
  ["an unknown command", ["trian"], /^weir: unknown command 'trian' \(Did you mean train\?\); weir --help/],
  ["an unknown subcommand", ["registry", "lst"], /^weir: unknown command 'lst' .*; weir registry --help/],
  ["an unknown option", [...train, "--speed", "9"], /^weir: unknown option '--speed'.*; weir train --help/],
  ["an option without its value", [...train, "--epochs"], /option '--epochs <n>' argument missing/],
  [
    "no data",
    ["train", "--name", "spam"],
    /required option '--data <file>' not specified; weir train --help/,
  ],
  [
    "an unknown device",
    [...train, "--device", "tpu"],
    /'tpu' is invalid. Allowed choices are auto, webgpu, nat/,
  ],
  [
    "an unknown architecture",
    [...train, "--model-type", "gpt9"],
    /'gpt9' is invalid. Allowed .*\bbert\b/,
  ],
  [
    "a count of none",
    [...train, "--epochs", "0"],
    /'0' is invalid. It must be a whole number from 1 to 10000/,
  ],
  ["a broken count", [...train, "--epochs", "1.5"], /'1.5' is invalid. It must be a whole number/],
  ["a word for a number", [...train, "--learning-rate", "low"], /'low' is invalid. It must be a number from/],
  [
    "heads of a model that has none",
    [...train, "--model-type", "mlp", "--hidden-size", "17", "--heads", "1"],
    /^weir: --heads is of attention, which --model-type mlp does not have; --help says how/,
  ],
  ["heads that do not divide", [...train, "--heads", "3"], /^weir: --heads 3 must divide --hidden-size 128/],
  [
    "a name with a space",
    ["train", "--data", "x.jsonl", "--name", "My Model"],
    /"My Model" is no model name/,
  ],
  [
    "a name that climbs",
    ["train", "--data", "x.jsonl", "--name", "../x"],
    /"..\/x" is no model name: wanted/,
  ],
  ["an alias like a version", [...train, "--alias", "1.0.0"], /"1.0.0" is a version and cannot be an alias/],
  [
    "data without a name",
    ["train", "--data", "", "--name", "a"],
    /It must name a file, a folder, - or spam/,
  ],
  [
    "no text",
    ["predict", "--model", "spam"],
    /^weir: no text to predict: give texts as arguments, or --file/,
  ],
  ["two at signs", ["predict", "--model", "a@b@c", "hi"], /"a@b@c" names no model: write name, name@version/],
  ["nothing after the at sign", ["predict", "--model", "a@", "hi"], /"a@" names no model/],
  [
    "interp for serving",
    ["predict", "--model", "a", "--device", "interp", "hi"],
    /"interp" is for training and/,
  ],
  [
    "a window of one text",
    ["drift", "--model", "a", "--data", "x.csv", "--window", "1"],
    /number from 30 to/,
  ],
  ["a port beyond the last", ["serve", "--model", "a", "--port", "70000"], /whole number from 0 to 65535/],
  [
    "two models of one server",
    ["serve", "--model", "a", "--model", "b"],
    /given as a already: one model is served/,
  ],
];

const isLeaf = (name: string) =>
  commands.some(([first, second]) => first === name && !second) &&
  !["registry", "data"].includes(name);

for (const [what, args, line] of wrong) {
  Deno.test(`${what} is wrong usage: one line, exit code 2`, () =>
    withFolder(async (home) => {
      const { code, stdout, stderr } = await weir(
        args[0],
        ...isLeaf(args[0]) ? ["--home", home] : [],
        ...args.slice(1),
      );
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, line);
      assert.match(stderr, /^weir: [^\n]* --help says how\n$/);
    }));
}

for (const args of [[], ["registry"]]) {
  Deno.test(`weir ${args.join(" ")} alone shows the help on standard error, exit code 2`, async () => {
    const { code, stdout, stderr } = await weir(...args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Usage: weir/);
  });
}
