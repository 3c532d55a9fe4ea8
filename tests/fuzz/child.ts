/**
 * Runs cases of parsers in a process of its own, which `fuzz.ts` starts and ends. An order is a line of standard input, an
 * answer a line of standard output.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { mutant } from "./mutate.ts";
import { parsers } from "./parsers.ts";

/** What a child is asked. */
export interface Order {
  readonly parser: string;
  readonly seed: number;
  /** The first case's number; after the last it stops by itself. */
  readonly from: number;
  /** How long it goes on, ms. */
  readonly forMs: number;
  /** Single inputs instead of mutants, as base64; they are all run. */
  readonly inputs?: readonly string[];
}

/** What is wrong with a case. */
export interface Problem {
  readonly index: number;
  readonly what: string;
}

/** What it answers: that it has loaded its modules; a problem; the number behind the last case of its order. */
export type Answer = { readonly ready: true } | { readonly problem: Problem } | { readonly next: number };

/** What a problem is, but for its numbers and for what was in the input. */
export function kindOf(what: string): string {
  return what.replace(/^(unexpected .*? at \S+) .*/s, "$1").replace(/\d+/g, "#").slice(0, 120);
}

/** How much a case may add to the memory of the process; some of it is the garbage of those before. */
const MOST_MEMORY = 600 * 2 ** 20;
/** A message is one line that is read by a person. */
const MOST_MESSAGE = 2000;

async function obey(order: Order, running: (index: number) => void): Promise<void> {
  const { parser: name, seed, from, forMs, inputs } = order;
  const seeds = parsers[name].seeds();
  const end = performance.now() + forMs;
  const told = new Set<string>();
  let index = from;
  for (; inputs ? index < inputs.length : performance.now() < end; index++) {
    running(index);
    const bytes = inputs
      ? Uint8Array.fromBase64(inputs[index])
      : index < seeds.length
      ? seeds[index]
      : mutant(seeds, { seed, index });
    const what = await problemOf(name, bytes);
    if (what === undefined || !inputs && told.has(kindOf(what))) continue;
    told.add(kindOf(what));
    answer({ problem: { index, what } });
  }
  answer({ next: index });
}

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
    const place = error.stack?.split("\n").find((line) => /^\s+at /.test(line)) ?? "";
    const file = /([^/\\\s]+:\d+:\d+)\)?$/.exec(place)?.[1] ?? "nowhere";
    return `unexpected ${error.name} at ${file} ${String(error.message).slice(0, 200)}`;
  }
  const { length } = String(error.message);
  if (length > MOST_MESSAGE) return `message: ${length} characters: ${error.message.slice(0, 80)}`;
  return undefined;
}

function answer(what: Answer): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Notes the number of the case that is running, for whoever finds this process hanging or dead. */
function openNote(path: string): (index: number) => void {
  const file = Deno.openSync(path, { write: true, create: true });
  const note = new Int32Array(1);
  const bytes = new Uint8Array(note.buffer);
  return (index) => {
    note[0] = index;
    file.seekSync(0, Deno.SeekMode.Start);
    file.writeSync(bytes);
  };
}

if (import.meta.main) {
  const running = openNote(Deno.args[0]);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) await obey(JSON.parse(line), running);
}
