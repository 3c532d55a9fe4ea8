/**
 * The host's side of the thread that decodes Parquet and Arrow.
 *
 * These formats say of themselves how much they hold: a run of a billion values takes six bytes. The libraries that read them
 * believe it, and no check that comes before them can know everything they do. So they run in a thread of their own, with
 * limits on its time and memory, and whatever a file does to it becomes a message about the file. The libraries are loaded
 * there, and only when there is such a file.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { DataError } from "../errors.ts";
import type { DataRecord } from "../example.ts";

/**
 * What the thread is asked, one thing at a time. Bytes are buffers and no views of them: where a thread gets a message, Deno
 * looks for ports in it, and walks through a view a byte at a time.
 */
export type Question =
  /** A Parquet file, by its path or its bytes. */
  | { readonly kind: "parquet"; readonly file: string | ArrayBuffer }
  /** A message of an Arrow stream; its dictionaries stay for the batches that follow. */
  | { readonly kind: "schema" | "dictionary" | "batch"; readonly bytes: ArrayBuffer }
  /** More rows, of the Parquet file or of the last batch. */
  | { readonly kind: "rows" };

/** What it answers. */
export interface Answer {
  /** How long it took in the thread, ms. */
  readonly ms: number;
  /** What is wrong, for a person. */
  readonly problem?: string;
  /** What a file or a schema says of its features, as JSON. */
  readonly features?: string;
  /** Some rows; none: that were all. */
  readonly rows?: readonly DataRecord[];
}

/** A thread that decodes one source. Whoever makes it closes it. */
export interface Decoder {
  /**
   * @param bytes how many bytes of the source come with it: they pay for time
   * @throws {DataError} when the source is broken, or costs more than a source of its size may.
   */
  ask(question: Question, bytes?: number): Promise<Answer>;
  /** All rows that there are now. */
  rows(): AsyncGenerator<DataRecord>;
  close(): Promise<void>;
}

/** What a source of any size may take, and what each of its bytes adds: a tenth of what a slow machine does. */
const FREE_MS = 4000;
const BYTES_PER_MS = 1000;
/** An answer that waits behind other work of this thread is there, and has not taken longer. */
const GRACE_MS = 200;
const WATCH_MS = 25;
const MIB = 2 ** 20;
/**
 * Memory of the thread's JavaScript, MiB: at least, at most, and for each MiB of a source. V8 keeps to it where a heap grows in
 * small steps, and knows nothing of buffers; so the process is watched, too.
 */
const [LEAST_HEAP, MOST_HEAP, HEAP_FACTOR] = [512, 4096, 8];

/**
 * Starts a thread for a source, or takes one that waits.
 *
 * @param options `name`: of the source, for messages; `format`: what it is read as; `size`: in bytes, or as much as it may be
 */
export function createDecoder(
  { name, format, size }: { readonly name: string; readonly format: string; readonly size: number },
): Decoder {
  const heap = Math.min(MOST_HEAP, LEAST_HEAP + Math.ceil(size / MIB) * HEAP_FACTOR);
  const found = waiting.findIndex((thread) => thread.heap >= heap && thread.end === undefined);
  const thread = found < 0 ? startThread(heap) : waiting.splice(found, 1)[0];
  let left = FREE_MS;
  let isBusy = false;
  const broken = (problem: string) =>
    new DataError(`${name}: cannot be read as ${format}: ${problem}; copy or write the file again`);
  const tooLarge = () =>
    broken(`it takes over ${thread.heap} MiB of memory, which is more than a file of its size should`);
  const endOf = ({ code, message }: Error & { code?: string }) =>
    code === "ERR_WORKER_OUT_OF_MEMORY"
      ? tooLarge()
      : new Error(`the thread that reads ${format} ended: ${message}`);

  async function ask(question: Question, bytes = 0): Promise<Answer> {
    left += bytes / BYTES_PER_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let watch: ReturnType<typeof setInterval> | undefined;
    const before = Deno.memoryUsage().rss;
    isBusy = true;
    const answer = await new Promise<Answer>((resolve, reject) => {
      thread.onEnd = (error) => reject(endOf(error));
      if (thread.end !== undefined) return reject(endOf(thread.end));
      thread.onAnswer = resolve;
      const late = () =>
        reject(broken("its decoding does not end in the time that a file of its size should take"));
      thread.ready.then(() => {
        watch = setInterval(() => {
          if (Deno.memoryUsage().rss - before > thread.heap * MIB) reject(tooLarge());
        }, WATCH_MS);
        timer = setTimeout(() => timer = setTimeout(late, GRACE_MS), Math.max(0, left));
        const own = "bytes" in question ? question.bytes : "file" in question ? question.file : "";
        thread.worker.postMessage(question, typeof own === "string" ? [] : [own]);
      });
    }).finally(() => {
      clearTimeout(timer);
      clearInterval(watch);
    });
    isBusy = false;
    left -= answer.ms;
    if (answer.problem !== undefined) throw broken(answer.problem);
    return answer;
  }

  return {
    ask,
    async *rows() {
      for (;;) {
        const { rows = [] } = await ask({ kind: "rows" });
        if (rows.length === 0) return;
        yield* rows;
      }
    },
    async close() {
      if (keepers > 0 && !isBusy) waiting.push(thread);
      else await thread.worker.terminate();
    },
  };
}

/**
 * Lets threads wait for the next source until it is closed, so that a folder of many files starts one thread and not one for
 * each.
 */
export function keepThreads(): { close(): Promise<void> } {
  keepers++;
  return {
    async close() {
      if (--keepers === 0) await Promise.all(waiting.splice(0).map(({ worker }) => worker.terminate()));
    },
  };
}

let keepers = 0;
const waiting: Thread[] = [];

interface Thread {
  readonly worker: Worker;
  /** Its limit of memory, MiB. */
  readonly heap: number;
  readonly ready: Promise<void>;
  /** Why it has ended. */
  end?: Error;
  onAnswer?: (answer: Answer) => void;
  onEnd?: (error: Error) => void;
}

function startThread(heap: number): Thread {
  const worker = new Worker(new URL("./decoder_worker.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heap },
  });
  let begin = () => {};
  const thread: Thread = { worker, heap, ready: new Promise((resolve) => begin = resolve) };
  worker.on("message", (message: Answer | "ready") => {
    if (message === "ready") begin();
    else thread.onAnswer?.(message);
  });
  worker.on("error", (error: Error) => {
    thread.end = error;
    thread.onEnd?.(error);
  });
  return thread;
}
