import { dataParsers } from "./tests/fuzz/data_parsers.ts";
import { mutant } from "./tests/fuzz/mutate.ts";
import { createArrowDecoder } from "./src/data/reading/arrow_decode.ts";
import { openBytes } from "./src/data/reading/bytes.ts";
const s = dataParsers.arrow.seeds();
const i = Number(Deno.args[0]);
const b = mutant(s, { seed: 5, index: i });
// split like arrow.ts
let at = new TextDecoder("latin1").decode(b.subarray(0,6)) === "ARROW1" ? 8 : 0;
let d: ReturnType<typeof createArrowDecoder> | undefined;
setTimeout(()=>{},0);
while (at + 8 <= b.length) {
  const v = new DataView(b.buffer, b.byteOffset + at);
  const len = v.getInt32(4, true); if (len === 0) break;
  const m = new DataView(b.buffer, b.byteOffset + at + 8, len);
  const table = m.getInt32(0, true); const f = table - m.getInt32(table, true);
  const fa = (x: number) => x < m.getUint16(f, true) ? m.getUint16(f + x, true) : 0;
  const kind = m.getUint8(table + fa(6)); const body = fa(10) ? Number(m.getBigInt64(table + fa(10), true)) : 0;
  const bytes = b.slice(at, at + 8 + len + body); at += 8 + len + body;
  console.log("kind", kind, len, body);
  const t = performance.now();
  if (kind === 1) d = createArrowDecoder(bytes); else if (kind === 3) { let n = 0; for (const r of d!.rowsOf(bytes)) { n++; if (n < 3) console.log(JSON.stringify(r).slice(0,200)); if (n % 100000 === 0) console.log(n); if (performance.now() - t > 3000) { console.log("too long", n); break; } } console.log(n); }
  console.log((performance.now() - t).toFixed(0));
}
