/**
 * Waits for the device, with a limit.
 *
 * While the GPU works, Deno's `mapAsync` blocks the thread that called it (it polls the driver with a wait), and with some
 * drivers so does a submission after another one: no timer of that thread can notice a GPU that hangs. A guard therefore
 * watches from a Worker: it writes one line and ends the process, which is all that can be done while a driver does not
 * return. Where the thread is not blocked, the wait fails with a `BackendError`.
 *
 * @module
 */
import { BackendError } from "../../interface.ts";

/** How long the device may take. */
export interface WatchdogOptions {
  /** Waits are given up after so many milliseconds plus ten times what the queued work should take. */
  readonly limitMs: number;
  /** Operations a second that this kind of device surely reaches, until it was measured. */
  readonly slowestFlops: number;
}

/** A job for the device, as messages and estimates describe it. */
export interface Job {
  /** Such as `a step of "train 32x128" (276 kernels, the largest: matmul ...)`. */
  readonly label: string;
  /** Floating-point operations. */
  readonly flops: number;
}

/** Watches the waits for one device. */
export interface Watchdog {
  /** Calls what gives work to the device. */
  submit(action: () => void, job?: Job): void;
  /** What was submitted last. */
  readonly last: Job | undefined;
  /** What is queued should keep the device busy for so many milliseconds. */
  readonly backlogMs: number;
  /** Waits for all that was submitted. */
  wait<T>(answer: Promise<T> | (() => Promise<T>)): Promise<T>;
  /** As `Backend.guard`. */
  guard(advice: () => string): Disposable;
  /** Ends the guards. */
  dispose(): void;
}

/** After the limit, an answer that came while the thread was blocked has this long to be delivered. */
const GRACE_MS = 500;
/** An answer that is awaited takes Deno 11 to 13 ms whatever the work: shorter waits say little of the device's speed. */
const TELLING_MS = 100;

/** Watches a device. */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  const guards = new Map<symbol, () => string>();
  let sentinel: Sentinel | undefined;
  let last: Job | undefined;
  let queued: { count: number; flops: number; since: number } | undefined;
  const slowestPace = 1000 / options.slowestFlops;
  /** Milliseconds for one operation, as last measured. */
  let pace = slowestPace;

  const expectedMs = () => (queued?.flops ?? 0) * pace;
  const describe = (limitMs: number) => {
    const seconds = `${Number((limitMs / 1000).toPrecision(2))} s`;
    if (!queued || !last) return `The GPU does not answer: nothing came back for ${seconds}`;
    const more = queued.count > 1 ? ` and ${queued.count - 1} more before it` : "";
    return `The GPU does not answer: nothing came back for ${seconds}; the last work it was given is ${last.label}${more}`;
  };
  /** Begins a wait, and sets how long it may take. The line is set anew at waits and at the first submission after one. */
  const begin = (isNew: boolean): number => {
    const limitMs = options.limitMs + 10 * expectedMs();
    if (sentinel && isNew) {
      const advice = [...guards.values()].at(-1)?.();
      sentinel.tell(advice ? `${describe(limitMs)}. ${advice}` : describe(limitMs));
    }
    sentinel?.watch(limitMs);
    return limitMs;
  };
  const release = (id: symbol) => {
    guards.delete(id);
    if (guards.size > 0) return;
    sentinel?.dispose();
    sentinel = undefined;
  };
  return {
    submit(action, job) {
      const isNew = job !== undefined && (job !== last || !queued);
      if (job) {
        last = job;
        queued = {
          count: (queued?.count ?? 0) + 1,
          flops: (queued?.flops ?? 0) + job.flops,
          since: queued?.since ?? performance.now(),
        };
      }
      begin(isNew);
      try {
        action();
      } finally {
        sentinel?.rest();
      }
    },
    get last() {
      return last;
    },
    get backlogMs() {
      return expectedMs();
    },
    async wait(answer) {
      const limitMs = begin(true);
      try {
        const value = await orGiveUp(answer, limitMs, () => describe(limitMs));
        if (queued) {
          const ms = performance.now() - queued.since;
          const measured = ms / Math.max(queued.flops, 1);
          // Much time for little arithmetic is some other work, such as the driver's compiler's.
          if (ms > TELLING_MS || measured < pace) pace = Math.min(measured, slowestPace);
        }
        return value;
      } finally {
        queued = undefined;
        sentinel?.rest();
      }
    },
    guard(advice) {
      const id = Symbol();
      guards.set(id, advice);
      sentinel ??= createSentinel();
      return { [Symbol.dispose]: () => release(id) };
    },
    dispose() {
      for (const id of [...guards.keys()]) release(id);
    },
  };
}

async function orGiveUp<T>(
  answer: Promise<T> | (() => Promise<T>),
  limitMs: number,
  message: () => string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => {
    const late = () => reject(new BackendError(message()));
    // The timer may fire late, after a block, when the answer is there and was not delivered yet.
    timer = setTimeout(() => timer = setTimeout(late, Math.min(GRACE_MS, limitMs)), limitMs);
  });
  try {
    return await Promise.race([typeof answer === "function" ? answer() : answer, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** A thread that ends the process unless it gets a sign of life in time. */
interface Sentinel {
  /** What to say. */
  tell(line: string): void;
  watch(limitMs: number): void;
  rest(): void;
  dispose(): void;
}

const POLL_MS = 250;
const LINE_BYTES = 4096;

/**
 * As text, since a program may be bundled into one file. It needs no permission: a process may end itself. It counts its own
 * looks instead of reading a clock, which goes on while a laptop sleeps. The first word of the memory is odd during a wait.
 */
const sentinelScript = `
self.onmessage = ({ data }) => {
  const [words, line] = [new Int32Array(data, 0, 3), new Uint8Array(data, 12)];
  let [seen, waitedMs] = [0, 0];
  setInterval(() => {
    const now = Atomics.load(words, 0);
    waitedMs = now === seen ? waitedMs + ${POLL_MS} : 0;
    seen = now;
    if (now % 2 === 0 || waitedMs < words[1]) return;
    const text = new TextDecoder().decode(line.slice(0, words[2]));
    const start = Deno.stderr.isTerminal() ? "\\r\\x1b[K" : "";
    Deno.stderr.writeSync(new TextEncoder().encode(start + "weir: " + text + "\\n"));
    Deno.kill(Deno.pid, "SIGKILL");
  }, ${POLL_MS});
};`;

function createSentinel(): Sentinel {
  const memory = new SharedArrayBuffer(12 + LINE_BYTES);
  const words = new Int32Array(memory, 0, 3);
  const line = new Uint8Array(memory, 12);
  const encoder = new TextEncoder();
  const url = `data:text/javascript,${encodeURIComponent(sentinelScript)}`;
  const worker = new Worker(url, { type: "module", name: "weir watchdog" });
  worker.postMessage(memory);
  return {
    tell(text) {
      const bytes = encoder.encode(text).subarray(0, LINE_BYTES);
      line.set(bytes);
      words[2] = bytes.length;
    },
    watch(limitMs) {
      // A thread that is not blocked notices first.
      words[1] = Math.min(limitMs + 2 * GRACE_MS, 2 ** 31 - 1);
      Atomics.store(words, 0, (words[0] | 1) + (words[0] & 1) * 2);
    },
    rest: () => void Atomics.store(words, 0, (words[0] | 1) + 1),
    dispose: () => worker.terminate(),
  };
}
