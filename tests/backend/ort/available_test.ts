import assert from "node:assert/strict";
import { join } from "node:path";
import { nativeAvailable } from "../../../src/backend/ort/available.ts";

const root = new URL("../../../", import.meta.url).pathname;

// What `deno bundle` writes is one file with a node_modules beside it, and no package.json that names what is in there.
Deno.test({
  name:
    "onnxruntime-node is found in a node_modules beside code that has no package.json, and missed where there is none",
  ignore: !(await nativeAvailable()),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.copyFile(join(root, "src/backend/ort/available.ts"), join(folder, "available.ts"));
      await Deno.writeTextFile(
        join(folder, "main.ts"),
        `import { importNative, nativeAvailable } from "./available.ts";
        const found = await nativeAvailable();
        console.log(found, found && typeof (await importNative()).InferenceSession.create);`,
      );
      assert.equal(await run(join(folder, "main.ts")), "false false\n");
      await Deno.symlink(join(root, "node_modules"), join(folder, "node_modules"));
      assert.equal(await run(join(folder, "main.ts")), "true function\n");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function run(script: string): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script],
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
