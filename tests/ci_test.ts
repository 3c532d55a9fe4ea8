import assert from "node:assert/strict";

const script = new URL("../.ci/run", import.meta.url).pathname;

/** Runs .ci/run with a npx that prints `output` and exits with `code`; gives the last line and the exit code. */
async function ci(output: string, code: number): Promise<{ last: string; code: number; all: string }> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/output`, output);
    await Deno.writeTextFile(
      `${folder}/npx`,
      `#!/bin/sh\necho "npx $*"\ncat "${folder}/output"\nexit ${code}\n`,
    );
    await Deno.chmod(`${folder}/npx`, 0o755);
    const result = await new Deno.Command("bash", {
      args: [script],
      env: { PATH: `${folder}:${Deno.env.get("PATH")}` },
      stdin: "null",
    }).output();
    const all = new TextDecoder().decode(result.stdout);
    return { last: all.trimEnd().split("\n").at(-1)!, code: result.code, all };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "the CI script ends with the numbers of the run and keeps its exit code",
  ignore: Deno.build.os === "windows",
  async fn() {
    const green =
      "\x1b[0m\x1b[32mok\x1b[0m | 123 passed (4 steps) | 0 failed | 2 ignored (1 step) \x1b[90m(12s)\x1b[0m\n";
    const { last, code, all } = await ci(`running 3 tests\n${green}`, 0);
    assert.deepEqual([last, code], ["123 passed, 0 failed", 0]);
    assert.match(all, /^npx -y deno@2\.9\.6 task test\n/);
    const red = await ci(
      "FAILED | 5 passed (40 steps) | 1 failed (2 steps) (329ms)\n\nerror: Test failed\n",
      1,
    );
    assert.deepEqual([red.last, red.code], ["5 passed, 1 failed", 1]);
  },
});

Deno.test({
  name:
    "the CI script is red when no test ran, when the run broke off, and when a failure did not set the exit code",
  ignore: Deno.build.os === "windows",
  async fn() {
    const cases: [string, number, string, number][] = [
      ["", 0, "0 passed, 0 failed", 1],
      ["ok | 0 passed | 0 failed (1ms)\n", 0, "0 passed, 0 failed", 1],
      ["error: Type checking failed.\n", 1, "0 passed, 0 failed", 1],
      ["FAILED | 5 passed | 2 failed (1ms)\n", 0, "5 passed, 2 failed", 1],
      ["ok | 5 passed | 0 failed (1ms)\n", 137, "5 passed, 0 failed", 137],
    ];
    for (const [output, exit, last, code] of cases) {
      const result = await ci(output, exit);
      assert.deepEqual([result.last, result.code], [last, code], output);
    }
  },
});
