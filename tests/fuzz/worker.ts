/**
 * Runs cases of one parser in a thread of its own, which can be ended when one hangs.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { mutant } from "./mutate.ts";
import { parsers } from "./parsers.ts";

/** What a Worker is asked. */
export interface Order {
  readonly parser: string;
  readonly seed: number;
  /** The first case's number; after the last it stops by itself. */
  readonly from: number;
  /** How long it goes on, ms. */
  readonly forMs: number;
  /** One number: the case that is running. */
  readonly at: SharedArrayBuffer;
  /** Single inputs instead of mutants. */
  readonly inputs?: readonly Uint8Array[];
}

/** What is wrong with a case. */
export interface Problem {
  readonly index: number;
  readonly what: string;
}

/** What a Worker answers: a problem, or the number behind its last case. */
export type Answer = { readonly problem: Problem } | { readonly next: number };

const MOST_MEMORY = 600 * 2 ** 20;

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  const { parser: name, seed, from, forMs, inputs } = data;
  const at = new Int32Array(data.at);
  const parser = parsers[name];
  const seeds = parser.seeds();
  const end = performance.now() + forMs;
  let index = from;
  for (; inputs ? index < inputs.length : performance.now() < end; index++) {
    Atomics.store(at, 0, index);
    const bytes = inputs
      ? inputs[index]
      : index < seeds.length
      ? seeds[index]
      : mutant(seeds, { seed, index });
    const what = await problemOf(name, bytes);
    if (what !== undefined) self.postMessage({ problem: { index, what } } satisfies Answer);
    // A message that ends this thread is met between two cases.
    if (index % 64 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  self.postMessage({ next: index } satisfies Answer);
};

async function problemOf(name: string, bytes: Uint8Array): Promise<string | undefined> {
  const { run, allowed, limitMs = 2000 } = parsers[name];
  const before = Deno.memoryUsage().rss;
  const start = performance.now();
  let thrown: unknown;
  let size = 0;
  try {
    size = await run(bytes);
  } catch (error) {
    thrown = error ?? new Error("nothing was thrown");
  }
  const ms = performance.now() - start;
  const grown = Deno.memoryUsage().rss - before;
  if (Object.keys(Object.prototype).length > 0 || Object.keys(Array.prototype).length > 0) {
    return "a prototype has a new property";
  }
  if (ms > limitMs) return `slow: ${bytes.length} bytes took ${ms.toFixed(0)} ms, the limit is ${limitMs}`;
  if (grown > MOST_MEMORY) return `memory: ${bytes.length} bytes took ${(grown / 2 ** 20).toFixed(0)} MiB`;
  if (size > 1_000_000 + 100 * bytes.length) return `output: ${bytes.length} bytes became ${size}`;
  if (thrown === undefined) return undefined;
  const error = thrown as Error & { userFacing?: boolean };
  if (error.userFacing !== true && !allowed?.(error)) {
    return `unexpected ${error.name}: ${String(error.message).slice(0, 200)} ${
      error.stack?.split("\n")[1]?.trim() ?? ""
    }`;
  }
  if (String(error.message).length > 100_000) return `message: ${error.message.length} characters`;
  return undefined;
}
