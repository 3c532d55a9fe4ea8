/**
 * How the GPU benchmarks time, and the records they keep: one a line of a JSON Lines file, so that what was measured stays when
 * a later part fails.
 *
 * @module
 */
import { median } from "../src/base/arrays.ts";
import { allocate, type HostTensor } from "../src/graph/dtype.ts";
import { type Graph, statesOf } from "../src/graph/node.ts";
import { numeric, sizeOf } from "../src/graph/shape.ts";

/** One measurement. `gpu_step.py` writes the same fields. */
export interface BenchRecord {
  /** `weir`, `pytorch`, `jax-js` or `tfjs`. */
  readonly side: string;
  /** `training`, `large`, `half`, `growth`, `inference`, `matmul`, `repeat` or `peers`. */
  readonly part: string;
  /** What was measured, such as the model `6/384`. */
  readonly name: string;
  /** How, such as `eager` or `first token only`. */
  readonly variant: string;
  /** Examples in a batch. */
  readonly batch?: number;
  /** Tokens of an example. */
  readonly sequence?: number;
  /** Width of a token, where it is what grows. */
  readonly hiddenSize?: number;
  /** Median over the windows, of each window's mean. */
  readonly ms?: number;
  /** Of the fastest and the slowest window. */
  readonly spread?: readonly [number, number];
  /** Steps timed, in all windows together. */
  readonly steps?: number;
  /** Operations a second, for products. */
  readonly tflops?: number;
  /** Bytes at the peak: what the plan allocates, or `torch.cuda.max_memory_allocated`. */
  readonly peakBytes?: number;
  /** What nvidia-smi says the device holds more than before, in bytes. */
  readonly deviceBytes?: number;
  /** Kernels of one step. */
  readonly kernels?: number;
  /** Seconds to the first step: planning and compiling. */
  readonly compileSeconds?: number;
  /** Where the step's time goes: its kernels by main op, and what is left of it without them, in milliseconds. */
  readonly profile?: {
    readonly ops: readonly { readonly name: string; readonly launches: number; readonly ms: number }[];
    readonly restMs: number;
  };
  /** Loss of the first and the last step. */
  readonly losses?: readonly [number, number];
  /** Anything else worth keeping. */
  readonly note?: string;
  /** Why there is no figure. */
  readonly error?: string;
}

/** How long to time. */
export interface Timing {
  /** Windows to time. */
  readonly windows: number;
  /** Milliseconds a window should last. */
  readonly windowMs: number;
  /** Milliseconds of work before the first: the clock of an idle device is low. */
  readonly warmMs: number;
  /** Steps of a window at least, and at most. */
  readonly steps: readonly [number, number];
}

/** At least 56 steps, in windows long enough that the readback which ends one is a small part of it. */
export const thorough: Timing = { windows: 7, windowMs: 500, warmMs: 1000, steps: [8, 250] };
/** For the points of a curve. */
export const quick: Timing = { windows: 5, windowMs: 250, warmMs: 400, steps: [4, 250] };
/** To see that the benchmark runs. */
export const tiny: Timing = { windows: 3, windowMs: 20, warmMs: 1, steps: [2, 10] };

/** The median window's mean step, `run` being so many steps and a wait for their end. */
export async function timeWindows(
  run: (steps: number) => Promise<unknown>,
  timing: Timing,
): Promise<{ ms: number; spread: [number, number]; steps: number }> {
  const timed = async (steps: number) => {
    const start = performance.now();
    await run(steps);
    return performance.now() - start;
  };
  await run(1);
  const most = timing.steps[1];
  const start = performance.now();
  let [count, each] = [1, await timed(1)];
  while (
    performance.now() - start < timing.warmMs || (count < most && count * each < timing.windowMs / 4)
  ) {
    if (count * each < timing.windowMs) count = Math.min(most, 2 * count);
    each = await timed(count) / count;
  }
  const steps = Math.min(most, Math.max(timing.steps[0], Math.ceil(timing.windowMs / each)));
  const means: number[] = [];
  for (let i = 0; i < timing.windows; i++) means.push(await timed(steps) / steps);
  means.sort((p, q) => p - q);
  return { ms: median(means), spread: [means[0], means.at(-1)!], steps: steps * timing.windows };
}

/** The lines of a stream, such as another process's output; a last one without a line end is left out. */
export async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

/**
 * First values like those of `initialStates`, from one table of random numbers: a hundred million are there in no time, and speed
 * is all that is asked.
 */
export function quickStates(graph: Graph): Record<string, HostTensor> {
  return Object.fromEntries(
    statesOf(graph).map((state) => {
      const shape = numeric(state.shape);
      const data = allocate(state.dtype, sizeOf(shape));
      const { init } = state.attrs;
      const shift = hash(state.name!);
      if (init.kind === "key") data[0] = shift;
      else if (init.kind === "fill") data.fill(init.value);
      else {
        const scale = init.kind === "normal" ? init.std : init.bound;
        for (let i = 0; i < data.length; i++) data[i] = scale * draws[(i + shift) % draws.length];
      }
      return [state.name!, { dtype: state.dtype, shape, data }];
    }),
  );
}

/** Roughly normal: sums of four uniform numbers, of a prime count so that no matrix repeats them row by row. */
const draws = Float32Array.from({ length: 65_521 }, (_, i) => {
  let sum = 0;
  for (let k = 0; k < 4; k++) sum += (hash(`${i}.${k}`) % 65_536) / 65_536 - 0.5;
  return sum * Math.sqrt(3);
});

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ value >>> 16, 0x85ebca6b);
  value = Math.imul(value ^ value >>> 13, 0xc2b2ae35);
  return (value ^ value >>> 16) >>> 0;
}

/** Bytes in use on the first NVIDIA device, if there is one to ask. */
export function deviceBytes(): number | undefined {
  try {
    const { success, stdout } = new Deno.Command("nvidia-smi", {
      args: ["--query-gpu=memory.used", "--format=csv,noheader,nounits"],
      stderr: "null",
    }).outputSync();
    const mebibytes = Number(new TextDecoder().decode(stdout).trim().split("\n")[0]);
    return success && Number.isFinite(mebibytes) ? mebibytes * 2 ** 20 : undefined;
  } catch {
    return undefined;
  }
}

/** Appends records to a file, and prints each as a line of a table. */
export class Recorder {
  readonly #path?: string;

  constructor(path?: string) {
    this.#path = path;
  }

  /** Keeps and prints one record. */
  add(record: BenchRecord): void {
    if (this.#path) Deno.writeTextFileSync(this.#path, `${JSON.stringify(record)}\n`, { append: true });
    print(formatRecord(record));
  }

  /** Keeps what our side runs on. */
  machine(description: string): void {
    this.add({ side: "weir", part: "machine", name: description, variant: `Deno ${Deno.version.deno}` });
  }

  /** Keeps what `measure` gives, or its error: one failure does not end a run. */
  async try(what: Omit<BenchRecord, "ms">, measure: () => Promise<Partial<BenchRecord>>): Promise<void> {
    try {
      this.add({ ...what, ...await measure() });
    } catch (error) {
      this.add({ ...what, error: (error as Error).message ?? String(error) });
    }
  }
}

/** The records of a file. */
export function readRecords(path: string): BenchRecord[] {
  return Deno.readTextFileSync(path).split("\n").filter((line) => line).map((line) => JSON.parse(line));
}

/** One line for people. */
export function formatRecord(record: BenchRecord): string {
  const { side, part, name, variant, batch, sequence, hiddenSize, ms, spread, error } = record;
  const shape = [batch && sequence ? `${batch} x ${sequence}` : batch, hiddenSize && `hidden ${hiddenSize}`];
  const figures = error ? [`no figure: ${error}`] : [
    ms !== undefined && `${ms.toFixed(3)} ms`,
    spread && `(${spread[0].toFixed(3)} to ${spread[1].toFixed(3)})`,
    record.tflops && `${record.tflops.toFixed(1)} TFLOP/s`,
    record.kernels && `${record.kernels} kernels`,
    record.compileSeconds && `compiled in ${record.compileSeconds.toFixed(1)} s`,
    record.peakBytes && `${(record.peakBytes / 1e6).toFixed(0)} MB`,
    record.deviceBytes && `device ${(record.deviceBytes / 1e6).toFixed(0)} MB`,
    record.losses && `loss ${record.losses.map((loss) => loss.toFixed(4)).join(" to ")}`,
    record.note,
  ];
  return [`${part}:`, side, name, variant, ...shape, ...figures].filter((cell) => cell).join("  ");
}

/** A line on stdout. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
