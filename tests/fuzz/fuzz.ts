/**
 * The fuzzer: each parser in turn is given changed inputs for a time; what hangs, takes too much, ends the process or fails
 * otherwise than it should is made as short as it can be.
 *
 * @module
 */
import { once } from "node:events";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Answer, kindOf, type Order, type Problem } from "./child.ts";
import { mutant } from "./mutate.ts";
import { parsers } from "./parsers.ts";

/** An input that a parser does not bear. */
export interface Finding {
  readonly parser: string;
  /** Slow, memory, output, message, unexpected error, hang, the end of the process. */
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
  /** How many do so at a time, each for all of the time and with cases of its own; 1 unless given. */
  readonly jobs?: number;
  /** Told of each finding as soon as it is short. */
  readonly onFinding?: (finding: Finding) => void;
  /** Told of the cases of a parser when a job's time for it is over. */
  readonly onCases?: (parser: string, cases: number) => void;
}

/** What was tried, and what was found; findings of one kind are one. */
export interface FuzzResult {
  readonly findings: readonly Finding[];
  readonly cases: number;
}

/** A case that runs so long hangs, and its process is ended. */
const HANG_MS = 15_000;
/** A process may take so long to load its modules. */
const START_MS = 60_000;
/** Of the JavaScript of a process, MiB. */
const MOST_HEAP = 1536;
/** Of a process as a whole; one that takes more is ended before it harms others. */
const MOST_MEMORY = 4 * 2 ** 30;
/** Of one parser and one kind of problem, so that the first does not hide others. */
const MOST_FINDINGS = 5;
const SHRINKING_MS = 10_000;

/** Runs the parsers one after the other. The same seed makes the same cases; how many are run depends on the machine. */
export async function fuzz({ forMs, seed, jobs = 1, ...options }: FuzzOptions): Promise<FuzzResult> {
  const names = options.names ?? Object.keys(parsers);
  const found = new Map(names.map((name) => [name, new Set<string>()]));
  const findings: Finding[] = [];
  const start = performance.now();
  let cases = 0;

  async function runJob(job: number): Promise<void> {
    await using runner = createRunner();
    // Not all at the same parser at a time: some take memory.
    const first = Math.floor((job * names.length) / jobs);
    for (const [i, name] of [...names.slice(first), ...names.slice(0, first)].entries()) {
      // What one takes longer, as for making a finding short, the next has less.
      const end = start + (forMs * (i + 1)) / names.length;
      await runParser(name, { seed: seed + job, end }, runner);
    }
  }

  async function runParser(
    name: string,
    { seed, end }: { readonly seed: number; readonly end: number },
    runner: Runner,
  ): Promise<void> {
    const seeds = parsers[name].seeds();
    const kinds = found.get(name)!;
    let next = 0;
    while (performance.now() < end && kinds.size < MOST_FINDINGS) {
      const forMs = end - performance.now();
      const { problems, behind } = await runner.run({ parser: name, seed, from: next, forMs });
      for (const { index, what } of problems) {
        const kind = kindOf(what);
        if (kinds.has(kind) || kinds.size === MOST_FINDINGS) continue;
        kinds.add(kind);
        const input = index < seeds.length ? seeds[index] : mutant(seeds, { seed, index });
        const finding = await confirmed({ parser: name, what, input }, runner);
        if (finding === undefined) continue;
        findings.push(await shrunk(finding, runner));
        options.onFinding?.(findings.at(-1)!);
      }
      next = behind;
    }
    cases += next;
    options.onCases?.(name, next);
  }

  await Promise.all(Array.from({ length: jobs }, (_, job) => runJob(job)));
  return { cases, findings };
}

/** Runs cases in a process, and in another one when that has ended. */
export interface Runner extends AsyncDisposable {
  /** Runs cases until the time is over, or until one ends the process. */
  run(order: Order): Promise<{ readonly problems: readonly Problem[]; readonly behind: number }>;
  /** What is wrong with single inputs of a parser, in their order; undefined where nothing is. */
  tryInputs(parser: string, inputs: readonly Uint8Array[]): Promise<(string | undefined)[]>;
}

/** A runner whose process is started when it is needed. */
export function createRunner(): Runner {
  let child: Child | undefined;

  async function run(order: Order): Promise<{ problems: Problem[]; behind: number }> {
    child ??= await startChild();
    const problems: Problem[] = [];
    const { next, ended } = await child.obey(order, (problem) => problems.push(problem));
    if (ended === undefined) return { problems, behind: next };
    await child.end();
    child = undefined;
    problems.push({ index: next, what: ended });
    return { problems, behind: next + 1 };
  }

  return {
    run,
    async tryInputs(parser, inputs) {
      const results = new Array<string | undefined>(inputs.length);
      const encoded = inputs.map((input) => input.toBase64());
      for (let from = 0; from < inputs.length;) {
        const { problems, behind } = await run({ parser, seed: 0, from, forMs: 0, inputs: encoded });
        for (const { index, what } of problems) results[index] = what;
        from = behind;
      }
      return results;
    },
    async [Symbol.asyncDispose]() {
      await child?.end();
    },
  };
}

interface Child {
  /** `next`: the number behind the last case; where the process had to be ended, or has, that of the case that did it. */
  obey(
    order: Order,
    onProblem: (problem: Problem) => void,
  ): Promise<{ readonly next: number; readonly ended?: string }>;
  end(): Promise<void>;
}

/** A process of its own: an input may take all memory, or hang in code that no thread can be called back from. */
async function startChild(): Promise<Child> {
  const folder = await Deno.makeTempDir({ prefix: "weir-fuzz-" });
  const note = join(folder, "running");
  const entry = fileURLToPath(new URL("./child.ts", import.meta.url));
  const child = spawn(
    Deno.execPath(),
    ["run", "-A", "--no-check", `--v8-flags=--max-old-space-size=${MOST_HEAP}`, entry, note],
    { stdio: ["pipe", "pipe", "pipe"], env: { ...Deno.env.toObject(), TMPDIR: folder } },
  );
  const exited = once(child, "exit");
  let isOver = false, complaint = "";
  let onAnswer: (answer: Answer) => void = () => {};
  let onExit = () => {};
  exited.then(() => {
    isOver = true;
    onExit();
  });
  child.stdin.on("error", () => {}); // its end says more
  child.stderr.on("data", (bytes: Uint8Array) => complaint += new TextDecoder().decode(bytes));
  const answers = createInterface({ input: child.stdout });
  answers.on("line", (line) => onAnswer(JSON.parse(line)));
  const lastWords = () => complaint.trim().split("\n").find((line) => /fatal|error|panic/i.test(line)) ?? "";

  async function end(): Promise<void> {
    if (!isOver) child.kill("SIGKILL");
    await exited;
    answers.close();
    await Deno.remove(folder, { recursive: true });
  }

  const ready = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), START_MS);
    const settle = (value: boolean) => {
      clearTimeout(timer);
      resolve(value);
    };
    onAnswer = () => settle(true);
    onExit = () => settle(false);
  });
  if (!ready) {
    await end();
    throw new Error(`the fuzzer's process did not start: ${complaint.slice(0, 2000)}`);
  }

  return {
    end,
    async obey(order, onProblem) {
      let watch: ReturnType<typeof setInterval> | undefined;
      try {
        return await new Promise((resolve) => {
          let [last, since] = [-1, performance.now()];
          const stop = (ended: string) => resolve({ next: Math.max(readNote(note), order.from), ended });
          watch = setInterval(() => {
            const now = readNote(note);
            if (now !== last) [last, since] = [now, performance.now()];
            if (performance.now() - since > HANG_MS) stop(`hang: over ${HANG_MS} ms`);
            else if (memoryOf(child.pid!) > MOST_MEMORY) stop(`memory: over ${MOST_MEMORY} bytes`);
          }, 50);
          onAnswer = (answer) => {
            if ("problem" in answer) onProblem(answer.problem);
            else if ("next" in answer) resolve({ next: answer.next });
          };
          onExit = () => stop(`the process ended: ${lastWords()}`);
          if (isOver) return onExit();
          Deno.writeFileSync(note, new Uint8Array());
          child.stdin.write(`${JSON.stringify(order)}\n`);
        });
      } finally {
        clearInterval(watch);
        onAnswer = onExit = () => {};
      }
    },
  };
}

function readNote(path: string): number {
  const bytes = Deno.readFileSync(path);
  return bytes.length < 4 ? -1 : new DataView(bytes.buffer).getInt32(0, true);
}

/** What a process has in memory, in bytes; 0 where the system does not say. */
function memoryOf(pid: number): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}

/** A case that was slow on a busy machine alone is none. */
async function confirmed(finding: Finding, runner: Runner): Promise<Finding | undefined> {
  const [again] = await runner.tryInputs(finding.parser, [finding.input]);
  return again === undefined ? undefined : { ...finding, what: again };
}

/** The shortest input that was found to do the same: parts are left out as long as the problem stays. */
async function shrunk(finding: Finding, runner: Runner): Promise<Finding> {
  if (/^(hang|slow|memory|the process)/.test(finding.what)) return finding; // each try would take its time
  const kind = kindOf(finding.what);
  const end = performance.now() + SHRINKING_MS;
  let { input } = finding;
  for (let part = input.length >> 1; part > 0 && performance.now() < end;) {
    const tries: Uint8Array[] = [];
    for (let at = 0; at < input.length && tries.length < 64; at += part) {
      tries.push(new Uint8Array([...input.subarray(0, at), ...input.subarray(at + part)]));
    }
    const results = await runner.tryInputs(finding.parser, tries);
    const better = results.findIndex((what) => what !== undefined && kindOf(what) === kind);
    if (better >= 0) input = tries[better];
    else part >>= 1;
  }
  return { ...finding, input };
}
