/**
 * The fuzzer: each parser in turn is given changed inputs for a time; what hangs, takes too much or fails otherwise than it
 * should is made as short as it can be.
 *
 * @module
 */
import { mutant } from "./mutate.ts";
import { parsers } from "./parsers.ts";
import type { Answer, Order } from "./worker.ts";

/** An input that a parser does not bear. */
export interface Finding {
  readonly parser: string;
  /** As in {@linkcode problemOf} of the Worker: slow, memory, output, unexpected error, hang. */
  readonly what: string;
  readonly input: Uint8Array;
}

/** How long, and from where. */
export interface FuzzOptions {
  /** Of all parsers together, ms. */
  readonly forMs: number;
  readonly seed: number;
  /** Those that are tried; all unless given. */
  readonly names?: readonly string[];
  /** Told of each parser when its time is over. */
  readonly onParser?: (name: string, cases: number, findings: number) => void;
}

/** A case that runs so long hangs, and its thread is ended. */
const HANG_MS = 15_000;
/** Of one parser and one kind of problem, so that the first does not hide others. */
const MOST_FINDINGS = 5;
const SHRINKING_MS = 10_000;

/** Runs the parsers one after the other. The same seed makes the same cases; how many are run depends on the machine. */
export async function fuzz(options: FuzzOptions): Promise<{ cases: number; findings: Finding[] }> {
  const names = options.names ?? Object.keys(parsers);
  const findings: Finding[] = [];
  let cases = 0;
  for (const name of names) {
    const { seed } = options;
    const found = new Map<string, Finding>();
    const end = performance.now() + options.forMs / names.length;
    const seeds = parsers[name].seeds();
    let next = 0;
    while (performance.now() < end && found.size < MOST_FINDINGS) {
      const { problems, behind } = await runCases(name, { seed, from: next, forMs: end - performance.now() });
      for (const { index, what } of problems) {
        const kind = kindOf(what);
        if (found.has(kind) || found.size === MOST_FINDINGS) continue;
        const input = index < seeds.length ? seeds[index] : mutant(seeds, { seed, index });
        found.set(kind, await confirmed({ parser: name, what, input }) ?? { parser: name, what: "", input });
      }
      next = behind;
    }
    const real = [...found.values()].filter(({ what }) => what !== "");
    for (const finding of real) findings.push(await shrunk(finding));
    cases += next;
    options.onParser?.(name, next, real.length);
  }
  endIdle();
  return { cases, findings };
}

/** What is wrong with single inputs of a parser, in their order; undefined where nothing is. `keep`: the thread, for more. */
export async function tryInputs(
  parser: string,
  inputs: readonly Uint8Array[],
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<(string | undefined)[]> {
  const results = new Array<string | undefined>(inputs.length);
  for (let from = 0; from < inputs.length;) {
    const { problems, behind } = await runCases(parser, { seed: 0, from, forMs: Infinity, inputs });
    for (const { index, what } of problems) results[index] = what;
    from = behind;
  }
  if (!keep) endIdle();
  return results;
}

/** What a problem is, but for its numbers. */
function kindOf(what: string): string {
  return what.replace(/\d+/g, "#").slice(0, 80);
}

/** A case that was slow on a busy machine alone is none. */
async function confirmed(finding: Finding): Promise<Finding | undefined> {
  const [again] = await tryInputs(finding.parser, [finding.input], { keep: true });
  return again === undefined ? undefined : { ...finding, what: again };
}

async function runCases(
  parser: string,
  order: Omit<Order, "at" | "parser">,
): Promise<{ problems: { index: number; what: string }[]; behind: number }> {
  const problems: { index: number; what: string }[] = [];
  const at = new SharedArrayBuffer(4);
  const running = new Int32Array(at);
  Atomics.store(running, 0, -1);
  const worker = idle ?? new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  idle = undefined;
  let hangs = true;
  try {
    const behind = await new Promise<number>((resolve, reject) => {
      let [last, since] = [-1, performance.now()];
      const watch = setInterval(() => {
        const now = Atomics.load(running, 0);
        if (now !== last) [last, since] = [now, performance.now()];
        // The first case also waits for the modules to load.
        else if (performance.now() - since > (now < 0 ? 4 : 1) * HANG_MS) {
          clearInterval(watch);
          problems.push({ index: Math.max(now, 0), what: `hang: over ${HANG_MS} ms` });
          resolve(Math.max(now, 0) + 1);
        }
      }, 100);
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if ("problem" in data) problems.push(data.problem);
        else {
          clearInterval(watch);
          hangs = false;
          resolve(data.next);
        }
      };
      worker.onerror = (event) => {
        event.preventDefault();
        clearInterval(watch);
        const index = Atomics.load(running, 0);
        if (index < 0) return reject(new Error(`the fuzzer's Worker did not start: ${event.message}`));
        problems.push({ index, what: `the thread ended: ${event.message}` });
        resolve(index + 1);
      };
      worker.postMessage({ ...order, parser, at } satisfies Order);
    });
    return { problems, behind };
  } finally {
    worker.onmessage = worker.onerror = null;
    if (hangs) worker.terminate();
    else idle = worker;
  }
}

/** A thread that waits for its next parser: starting one takes longer than thousands of cases. */
let idle: Worker | undefined;

/** Ends the thread that waits. */
function endIdle(): void {
  idle?.terminate();
  idle = undefined;
}

/** The shortest input that was found to do the same: parts are left out as long as the problem stays. */
async function shrunk(finding: Finding): Promise<Finding> {
  if (finding.what.startsWith("hang")) return finding; // each try would take its time
  const kind = kindOf(finding.what);
  const end = performance.now() + SHRINKING_MS;
  let { input } = finding;
  for (let part = input.length >> 1; part > 0 && performance.now() < end;) {
    const tries: Uint8Array[] = [];
    for (let at = 0; at < input.length && tries.length < 64; at += part) {
      tries.push(new Uint8Array([...input.subarray(0, at), ...input.subarray(at + part)]));
    }
    const results = await tryInputs(finding.parser, tries, { keep: true });
    const better = results.findIndex((what) => what !== undefined && kindOf(what) === kind);
    if (better >= 0) input = tries[better];
    else part >>= 1;
  }
  return { ...finding, input };
}
