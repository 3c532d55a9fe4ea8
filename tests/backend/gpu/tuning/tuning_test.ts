import assert from "node:assert/strict";
import { tileNames } from "../../../../src/backend/gpu/kernels/matmul_tiles.ts";
import { h100 } from "../../../../src/backend/gpu/tuning/h100.ts";
import { tuningFor } from "../../../../src/backend/gpu/tuning/load.ts";
import { readTuning } from "../../../../src/backend/gpu/tuning/tuning.ts";

const options = { tiles: tileNames, path: "tuning.json" };

Deno.test("the built-in table is one that could be read from a file", () => {
  const tuning = readTuning(JSON.stringify(h100), options);
  const found = tuning.find("nt", 2048, 768, 768);
  assert.ok(found && tileNames.includes(found.tile) && found.parts >= 1);
  assert.equal(tuning.find("nt", 2048, 768, 769), undefined);
});

Deno.test("a tuning file that is none is refused with the reason", () => {
  const cases: [string, RegExp][] = [
    ["{", /it is not JSON/],
    ["[]", /"adapter" must be a string/],
    ["null", /"adapter" must be a string/],
    [`{"adapter":"x","products":[]}`, /"products" must be an object/],
    [`{"adapter":"x","products":{"nt 1x2":"32x32"}}`, /"nt 1x2" is no product/],
    [`{"adapter":"x","products":{"nt 0x2x3":"32x32"}}`, /is no product/],
    [`{"adapter":"x","products":{"nt 1x2x3":"31x32"}}`, /nt 1x2x3 must be one of/],
    [`{"adapter":"x","products":{"nt 1x2x3":"32x32/0"}}`, /must be one of/],
    [`{"adapter":"x","products":{"nt 1x2x3":"32x32/999"}}`, /must be one of/],
    [`{"adapter":"x","products":{"nt 1x2x3":7}}`, /must be one of/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => readTuning(text, options), message, text.slice(0, 60));
  }
  const many = Object.fromEntries(
    Array.from({ length: 10_001 }, (_, i) => [`nt ${i + 1}x1x1`, "32x32"]),
  );
  assert.throws(
    () => readTuning(JSON.stringify({ adapter: "", products: many }), options),
    /10001 products/,
  );
});

Deno.test("the user's file counts for its own adapter, the built-in table for the others", async () => {
  const folder = await Deno.makeTempDir();
  const before = ["WEIR_TUNING", "WEIR_HOME"].map((name) => [name, Deno.env.get(name)] as const);
  try {
    Deno.env.delete("WEIR_TUNING");
    Deno.env.set("WEIR_HOME", folder);
    assert.equal(tuningFor("A GPU"), undefined);
    assert.equal(tuningFor(h100.adapter)?.adapter, h100.adapter);
    const file = { adapter: "A GPU", products: { "nn 1x2x3": "32x32/4" } };
    await Deno.writeTextFile(`${folder}/tuning.json`, JSON.stringify(file));
    assert.deepEqual(tuningFor("A GPU")?.find("nn", 1, 2, 3), { tile: "32x32", parts: 4 });
    assert.equal(tuningFor("Another GPU"), undefined);
    Deno.env.set("WEIR_TUNING", `${folder}/none.json`);
    assert.equal(tuningFor("A GPU"), undefined);
    const large = `${folder}/large.json`;
    await Deno.writeTextFile(large, " ".repeat(2 ** 20 + 1));
    Deno.env.set("WEIR_TUNING", large);
    const problem = `Cannot use the tuning file ${large}: it has 1048577 bytes; the limit is 1048576`;
    assert.throws(() => tuningFor("A GPU"), (error: Error) => error.message.startsWith(problem));
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("products of halves have a table of their own", () => {
  const text = JSON.stringify({ adapter: "A", products: {}, halves: { "nt 64x64x64": "64x64/2" } });
  const tuning = readTuning(text, options);
  assert.equal(tuning.find("nt", 64, 64, 64), undefined);
  assert.deepEqual(tuning.find("nt", 64, 64, 64, "halves"), { tile: "64x64", parts: 2 });
  for (const halves of [[], { "nt 64x64x64": "65x64" }, { "nt 64": "64x64" }]) {
    assert.throws(
      () => readTuning(JSON.stringify({ adapter: "A", products: {}, halves }), options),
      /Cannot use/,
    );
  }
});
