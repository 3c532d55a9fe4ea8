import { dataParsers, endDecoders } from "./tests/fuzz/data_parsers.ts";
import { mutant } from "./tests/fuzz/mutate.ts";
for (const name of ["arrow", "parquet"]) {
  const { seeds, run } = dataParsers[name]; const s = seeds(); const m = new Map<string, [number, number, number]>();
  for (let i = 0; i < 150; i++) { const b = i < s.length ? s[i] : mutant(s, { seed: 5, index: i }); const t = performance.now(); let r = "ok"; try { await run(b); } catch (e) { r = (e as Error).message.replace(/.*case\.\w+/, "").replace(/\d+/g, "#").slice(0, 120); }
    const ms = performance.now() - t; if (ms > 1500) console.log(name, i, b.length, ms.toFixed(0), r); const q = m.get(r) ?? [0, 0, 0]; m.set(r, [q[0] + 1, q[1] + ms, Math.max(q[2], ms)]); }
  for (const [k, [n, t, x]] of m) console.log(name, n, (t / n).toFixed(0), x.toFixed(0), k);
}
await endDecoders();
