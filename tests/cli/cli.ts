// Running the command line: in this process, which is quick, or in one of its own, which can be killed and forbidden things.
import { fileURLToPath } from "node:url";
import { main } from "../../src/cli/main.ts";

/** How a command line ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process. */
export async function weir(...args: string[]): Promise<Ended> {
  const stdout = capture(Deno.stdout);
  const stderr = capture(Deno.stderr);
  try {
    const code = await main(args);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.restore();
    stderr.restore();
  }
}

/** How a child process is started. */
export interface SpawnOptions {
  /** Deno's permissions; all by default. */
  permissions?: string[];
  env?: Record<string, string>;
}

/** Starts a command line in a process of its own. */
export function spawnWeir(args: string[], options: SpawnOptions = {}): Deno.ChildProcess {
  const { permissions = ["-A"], env } = options;
  const script = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", ...permissions, script, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env,
  }).spawn();
}

/** Runs a command line in a process of its own to its end. */
export async function weirProcess(args: string[], options: SpawnOptions = {}): Promise<Ended> {
  const { code, stdout, stderr } = await spawnWeir(args, options).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Short texts of two kinds, that differ in their words; `each` of either. */
export function messages(each: number): { text: string; label: string }[] {
  const words = {
    ham: "meeting report lunch project schedule review team notes agenda call".split(" "),
    spam: "win prize money free click offer cash winner claim urgent".split(" "),
  };
  const filler = "the a to for with on is of and".split(" ");
  let state = 1;
  const pick = (list: string[]) => list[(state = (state * 48271) % 2147483647) % list.length];
  return Array.from({ length: 2 * each }, (_, i) => {
    const label = i % 2 ? "spam" : "ham";
    const text = Array.from({ length: 8 + i % 9 }, (_, k) => pick(k % 2 ? filler : words[label])).join(" ");
    return { text: `${text} ${i}`, label };
  });
}

/** Writes one JSON object a line. */
export async function writeJsonl(path: string, records: object[]): Promise<string> {
  await Deno.writeTextFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  return path;
}

/** Options that make training a matter of seconds. */
export const tiny = [
  ...["--device", "wasm", "--model-type", "mlp", "--hidden-size", "16", "--vocab-size", "200"],
  ...["--max-tokens", "32", "--batch-size", "16", "--learning-rate", "0.05"],
];

function capture(stream: { writeSync(bytes: Uint8Array): number }): { text(): string; restore(): void } {
  const pieces: string[] = [];
  const original = stream.writeSync;
  const decoder = new TextDecoder();
  stream.writeSync = (bytes) => {
    pieces.push(decoder.decode(bytes, { stream: true }));
    return bytes.length;
  };
  return { text: () => pieces.join(""), restore: () => stream.writeSync = original };
}
