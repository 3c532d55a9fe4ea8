import assert from "node:assert/strict";
import { readBundle } from "../../src/bundle/reader.ts";
import { createService } from "../../src/serve/service.ts";

const bundle = await readBundle(new URL("../golden/serve/bundle", import.meta.url).pathname);
const cleaned = (cleaning: readonly string[], fields: object = {}) => ({
  ...bundle,
  manifest: { ...bundle.manifest, format: "weir-bundle/3" as const, cleaning, ...fields },
});

Deno.test("a service answers and observes the cleaned text, and counts the characters that were sent", async () => {
  const service = await createService({
    bundle: cleaned(["strip-html", "replace=[0-9]+=>"]),
    device: "wasm",
    warmUpMs: 0,
  });
  try {
    const seen: unknown[] = [];
    service.onObservation((observation) => seen.push((observation as { text: string }).text));
    const raw = "<p>free <b>money</b>77</p><!-- x -->";
    const { answers: [one, other], timings } = await service.predictTimed([raw, "free money"]);
    assert.deepEqual(one, other);
    assert.equal(timings.characters, raw.length + "free money".length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(seen, ["free money", "free money"]);
  } finally {
    await service.close();
  }
});

Deno.test("a text that grows beyond all measure is the request's error, and the next one is answered", async () => {
  const service = await createService({
    bundle: cleaned(["replace=a=>aaaaaaaaaa", "replace=a=>aaaaaaaaaa"]),
    device: "wasm",
    warmUpMs: 0,
  });
  try {
    await assert.rejects(service.predict(["a".repeat(50_000)]), {
      name: "ServeError",
      kind: "validation",
      message:
        /`inputs` cannot be cleaned: the cleaning step .* makes over 210000 characters of a text of 50000/,
    });
    assert.equal((await service.predict(["ok"])).length, 1);
  } finally {
    await service.close();
  }
});

Deno.test("steps that are none, choose rows or would move words are the bundle's error", async () => {
  const cases: [string[], object, RegExp][] = [
    [["wash"], {}, /cleaning in weir\.json: there is no cleaning step "wash"/],
    [["sample=5"], {}, /cleaning in weir\.json: the cleaning step "sample=5" chooses rows/],
    [["replace=(a=>"], {}, /cleaning in weir\.json: the pattern "\(a" is none of RE2/],
    [["lowercase"], { task: "token-classification" }, /say where in the text a word stands/],
  ];
  for (const [steps, fields, message] of cases) {
    await assert.rejects(createService({ bundle: cleaned(steps, fields), device: "wasm" }), {
      name: "BundleError",
      message,
    });
  }
});
