import assert from "node:assert/strict";

const folder = new URL("../../examples/", import.meta.url);

for (const { name } of Deno.readDirSync(folder)) {
  Deno.test(`the example ${name} runs and says how good its model is`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL(name, folder).pathname],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const accuracy = /accuracy +(0\.\d+|1\.0+)/.exec(new TextDecoder().decode(stdout));
    assert.ok(accuracy && Number(accuracy[1]) > 0.9, `printed "${accuracy?.[0]}"`);
  });
}
