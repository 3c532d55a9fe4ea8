/**
 * Whether `--resume` ever registers other weights than those of its own run: `deno run -A bench/resume_trials.ts [--trials 200]
 * [--seed 1] [--disk tmpfs]` makes random trials of a few trainings under one name, some of them killed with SIGKILL at a random
 * moment, on a disk that is full at a random moment, two at once, or resumed with other options, and then resumes to the end.
 * After each, every version that was registered is compared with what an uninterrupted run of the same options gives, bit by
 * bit, on the CPU.
 *
 * A full disk is a file system in memory of that size (`tmpfs`, for root on Linux), or a limit on the size of files (`limit`).
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandomStream, type RandomStream } from "../src/base/random.ts";
import { sha256 } from "../src/base/hash.ts";
import { openRegistry } from "../src/registry/registry.ts";

/** What is tried. */
export interface TrialOptions {
  readonly trials: number;
  readonly seed: number;
  readonly disk: "tmpfs" | "limit";
  /** An empty folder. */
  readonly folder: string;
  readonly onTrial?: (line: string) => void;
}

/** What was found; nothing may be in `wrong`. */
export interface TrialReport {
  readonly trials: number;
  /** Trainings by how they were disturbed and how they ended. */
  readonly counts: Readonly<Record<string, number>>;
  /** Trainings that went on from a checkpoint. */
  readonly resumed: number;
  /** Versions that were compared with an uninterrupted run. */
  readonly compared: number;
  readonly wrong: readonly string[];
}

/** Options that give other weights, each by its name. */
const variants: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  seed: ["--seed", "7"],
  rate: ["--learning-rate", "0.03"],
  longer: ["--epochs", "6"],
  cosine: ["--schedule", "cosine", "--warmup", "2"],
  weighted: ["--class-weights", '{"spam": 3}'],
  shorter: ["--max-steps", "7", "--best-by", "loss"],
  second: ["--use-epoch", "2"],
};

const NAME = "toy";

/** Makes the trials one after the other. */
export async function runTrials(options: TrialOptions): Promise<TrialReport> {
  const { trials, seed, folder, disk } = options;
  const data = join(folder, "rows.jsonl");
  await Deno.writeTextFile(data, madeUpRows());
  const workers = [new Worker(), new Worker()];
  const argumentsOf = (home: string, variant: string) => [
    ...["train", "--json", "--home", home, "--data", data, "--name", NAME, "--device", "interp"],
    ...["--model-type", "mlp", "--hidden-size", "8", "--vocab-size", "100", "--max-tokens", "16"],
    ...["--learning-rate", "0.05", "--epochs", "5", ...variants[variant]],
  ];
  try {
    const wanted = new Map<string, string>();
    let wholeMs = 0;
    for (const variant of Object.keys(variants)) {
      const start = performance.now();
      const { stdout, stderr } = await workers[0].run(argumentsOf(join(folder, `whole-${variant}`), variant));
      if (stdout === "") throw new Error(`the undisturbed run failed: ${stderr}`);
      wanted.set(variant, await weightsAt(JSON.parse(stdout).path));
      wholeMs = performance.now() - start;
    }
    if (new Set(wanted.values()).size !== wanted.size) {
      throw new Error("two sets of options give the same weights");
    }
    const found = { counts: {} as Record<string, number>, resumed: 0, compared: 0, wrong: [] as string[] };
    for (let trial = 0; trial < trials; trial++) {
      const random = createRandomStream(seed, trial);
      const home = join(folder, `trial-${trial}`);
      await Deno.mkdir(home);
      await using room = disk === "tmpfs" ? await memoryDisk(home) : undefined;
      const one = new Trial({ home, random, workers, wholeMs, wanted, argumentsOf, found, room });
      await one.run();
      wholeMs = one.wholeMs;
      options.onTrial?.(
        `trial ${trial + 1}/${trials}: ${one.story.join(", ")}; wrong so far: ${found.wrong.length}`,
      );
    }
    return { trials, ...found };
  } finally {
    for (const worker of workers) await worker.end();
  }
}

interface TrialParts {
  readonly home: string;
  readonly random: RandomStream;
  readonly workers: readonly Worker[];
  /** What an undisturbed training took last. */
  readonly wholeMs: number;
  readonly wanted: ReadonlyMap<string, string>;
  readonly argumentsOf: (home: string, variant: string) => string[];
  readonly found: { counts: Record<string, number>; resumed: number; compared: number; wrong: string[] };
  readonly room?: MemoryDisk;
}

/** Trainings under one name in one home. */
class Trial {
  readonly story: string[] = [];
  wholeMs: number;
  readonly #parts: TrialParts;
  readonly #seen = new Set<string>();

  constructor(parts: TrialParts) {
    this.#parts = parts;
    this.wholeMs = parts.wholeMs;
  }

  async run(): Promise<void> {
    const { random } = this.#parts;
    const names = Object.keys(variants);
    const pick = () => names[random.integer(names.length)];
    const own = pick();
    const events = 1 + random.integer(3);
    for (let i = 0; i < events; i++) {
      const variant = random.integer(10) < 6 ? own : pick();
      const resume = random.integer(2) === 1;
      const kind = (["kill", "full", "two"] as const)[random.integer(3)];
      if (kind === "kill") await this.#killed(variant, resume);
      else if (kind === "full") await this.#full(variant, resume);
      else await this.#two([variant, random.integer(2) ? own : pick()], resume);
    }
    const code = await this.#undisturbed("resumed", own, true);
    if (code !== 0 && await this.#undisturbed("anew", own, false) !== 0) {
      this.#wrong(`${own} cannot be trained at last`);
    }
  }

  async #killed(variant: string, resume: boolean): Promise<void> {
    const { random, workers, home } = this.#parts;
    const after = this.wholeMs * 1.2 * random.next();
    const ended = await workers[0].run(this.#arguments(variant, resume), { killAfterMs: after });
    await this.#check("killed", [{ variant, ended }], home);
  }

  async #full(variant: string, resume: boolean): Promise<void> {
    const { random, workers, home, room } = this.#parts;
    if (room) {
      await room.resize(await room.used() + random.integer(500));
      const ended = await workers[0].run(this.#arguments(variant, resume));
      await room.resize(ROOM_KB);
      return await this.#check("full disk", [{ variant, ended }], home);
    }
    const limited = new Worker({ mostFileKb: 4 + random.integer(90) });
    const ended = await limited.run(this.#arguments(variant, resume));
    await limited.end();
    await this.#check("full disk", [{ variant, ended }], home);
  }

  async #two([first, second]: [string, string], resume: boolean): Promise<void> {
    const { random, workers, home } = this.#parts;
    const later = this.wholeMs * 0.5 * random.next();
    const [one, other] = await Promise.all([
      workers[0].run(this.#arguments(first, resume)),
      new Promise((done) => setTimeout(done, later)).then(() =>
        workers[1].run(this.#arguments(second, false))
      ),
    ]);
    await this.#check(
      "two at once",
      [{ variant: first, ended: one }, { variant: second, ended: other }],
      home,
    );
  }

  async #undisturbed(kind: string, variant: string, resume: boolean): Promise<number | undefined> {
    const { workers, home } = this.#parts;
    const ended = await workers[0].run(this.#arguments(variant, resume));
    await this.#check(kind, [{ variant, ended }], home);
    return ended.code;
  }

  #arguments(variant: string, resume: boolean): string[] {
    return [...this.#parts.argumentsOf(this.#parts.home, variant), ...(resume ? ["--resume"] : [])];
  }

  /** Compares what is new in the registry with what those that ran may have registered. */
  async #check(
    kind: string,
    ran: readonly { readonly variant: string; readonly ended: Ended }[],
    home: string,
  ): Promise<void> {
    const { found, wanted } = this.#parts;
    const fresh = new Map<string, string>();
    const registry = openRegistry(home);
    try {
      for (const { versions } of await registry.list()) {
        for (const { version } of versions) {
          if (this.#seen.has(version)) continue;
          this.#seen.add(version);
          fresh.set(version, await weightsAt((await registry.verify(NAME, version)).path));
        }
      }
    } finally {
      await registry.close();
    }
    for (const { variant, ended } of ran) {
      const outcome = outcomeOf(ended);
      const key = `${kind}: ${outcome}`;
      found.counts[key] = (found.counts[key] ?? 0) + 1;
      this.story.push(`${variant} ${key}`);
      if (/^resumed at step/m.test(ended.stderr)) found.resumed++;
      if (outcome === "failed otherwise") {
        this.#wrong(`${variant} ${kind}: ${ended.stderr.trim().split("\n").at(-1)}`);
      }
      if (ended.code !== 0) continue;
      const { version } = JSON.parse(ended.stdout);
      found.compared++;
      if (fresh.get(version) !== wanted.get(variant)) {
        this.#wrong(`${variant} ${kind}: ${version} has other weights`);
      }
      fresh.delete(version);
    }
    // What a process registered before it was killed.
    const dead = ran.filter(({ ended }) => ended.code === undefined);
    for (const [version, weights] of fresh) {
      found.compared++;
      if (!dead.some(({ variant }) => wanted.get(variant) === weights)) {
        this.#wrong(`${kind}: ${version} is registered and of no run that may have`);
      }
    }
  }

  #wrong(what: string): void {
    this.#parts.found.wrong.push(`${this.#parts.home}: ${what} [${this.story.join(", ")}]`);
  }
}

function outcomeOf({ code, stderr }: Ended): string {
  if (code === undefined) return "killed";
  if (code === 0) return "registered";
  if (code === 2 && /Cannot resume|nothing to resume|Cannot take the parameters/.test(stderr)) {
    return "refused to resume";
  }
  if (/has been training/.test(stderr)) return "told that another trains";
  // Where SQLite meets a limit on files, it says no more than that it could not write.
  if (/no space left|too large|is full|incomplete|could not be read or written at/i.test(stderr)) {
    return "no room";
  }
  return "failed otherwise";
}

interface Ended {
  /** Undefined: it was killed. */
  readonly code?: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process for one command line after the other; it is started again after it was killed. */
class Worker {
  readonly #mostFileKb?: number;
  #child?: Deno.ChildProcess;
  #lines?: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor({ mostFileKb }: { readonly mostFileKb?: number } = {}) {
    this.#mostFileKb = mostFileKb;
    this.#start();
  }

  /** Runs a command line, or kills the process after a time where it is not done by then. */
  async run(
    args: readonly string[],
    { killAfterMs }: { readonly killAfterMs?: number } = {},
  ): Promise<Ended> {
    if (!this.#child) this.#start();
    const child = this.#child!;
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify(args)}\n`));
    writer.releaseLock();
    const timer = killAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    const line = await this.#line();
    clearTimeout(timer);
    if (line !== undefined) return JSON.parse(line);
    await this.end();
    return { stdout: "", stderr: "" };
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    await child.stdin.close().catch(() => {});
    await this.#lines!.cancel().catch(() => {});
    await child.status;
  }

  #start(): void {
    const script = new URL("./resume_child.ts", import.meta.url).pathname;
    const args = ["run", "-A", "--no-check", script];
    const limit = this.#mostFileKb;
    // A limit on files kills with a signal, unless that is ignored: then it is an error of the write.
    this.#child = limit === undefined
      ? new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn()
      : new Deno.Command("bash", {
        args: ["-c", `trap "" XFSZ; ulimit -f ${limit}; exec "$@"`, "bash", Deno.execPath(), ...args],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#rest = "";
  }

  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#lines!.read();
      if (done) return undefined;
      this.#rest += value;
    }
  }
}

/** A file system in memory, whose size can be changed. */
interface MemoryDisk extends AsyncDisposable {
  resize(kb: number): Promise<void>;
  /** In kB. */
  used(): Promise<number>;
}

/** Room for anything. */
const ROOM_KB = 65_536;

async function memoryDisk(path: string): Promise<MemoryDisk> {
  await command("mount", "-t", "tmpfs", "-o", `size=${ROOM_KB}k`, "tmpfs", path);
  return {
    resize: async (kb) => void await command("mount", "-o", `remount,size=${Math.max(kb, 4)}k`, path),
    used: async () => Number(/\n\s*(\d+)/.exec(await command("df", "-k", "--output=used", path))?.[1]),
    [Symbol.asyncDispose]: async () => void await command("umount", "-l", path),
  };
}

async function command(name: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(name, { args }).output();
  if (!success) throw new Error(`${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

async function weightsAt(path: string): Promise<string> {
  return sha256(await Deno.readFile(join(path, "model.safetensors")));
}

/** Eighty short texts of two kinds with some noise, so that epochs differ. */
function madeUpRows(): string {
  const random = createRandomStream(3);
  const words = {
    ham: "meeting report lunch project schedule review team notes agenda call".split(" "),
    spam: "win prize money free click offer cash winner claim urgent".split(" "),
  };
  const filler = "the a to for with on is of and".split(" ");
  return Array.from({ length: 80 }, (_, i) => {
    const label = i % 3 === 0 ? "spam" : "ham";
    const kind = random.integer(10) === 0 ? "ham" : label;
    const text = Array.from({ length: 6 + i % 7 }, (_, k) => {
      const list = k % 2 ? filler : words[kind];
      return list[random.integer(list.length)];
    });
    return `${JSON.stringify({ text: `${text.join(" ")} ${i}`, label })}\n`;
  }).join("");
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      trials: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      disk: { type: "string", default: "tmpfs" },
    },
  });
  const folder = await Deno.makeTempDir({ prefix: "weir-trials-" });
  const start = performance.now();
  const report = await runTrials({
    trials: Number(values.trials),
    seed: Number(values.seed),
    disk: values.disk === "limit" ? "limit" : "tmpfs",
    folder,
    onTrial: (line) => console.error(line),
  });
  console.log(
    JSON.stringify({ ...report, seconds: Math.round((performance.now() - start) / 1000) }, null, 2),
  );
  await Deno.remove(folder, { recursive: true });
  if (report.wrong.length > 0) Deno.exit(1);
}
