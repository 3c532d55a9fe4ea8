/**
 * Writes the bundle that stands beside this file, for Python to load:
 *
 *   deno run -A tests/golden/export/write_bundle.ts && python tests/golden/export/load_bundle.py >
 *   tests/golden/export/python.json
 *
 * @module
 */
import { texts, writeSmallBundle } from "../../e2e/export_bundle.ts";

const directory = new URL("./bundle", import.meta.url).pathname;
await Deno.mkdir(directory, { recursive: true });
await writeSmallBundle(directory);
await Deno.writeTextFile(new URL("./texts.json", import.meta.url), `${JSON.stringify(texts, null, 1)}\n`);
