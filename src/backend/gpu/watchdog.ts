/**
 * Waits for the device, but not for ever.
 *
 * While the GPU works, Deno's `mapAsync` blocks the thread that called it (it polls the driver with a wait), so no timer of that
 * thread can notice a GPU that hangs. A guard therefore watches from a Worker: it writes one line and ends the process, which is all that
 * can be done while a driver does not return. Where the thread is not blocked, the wait fails with a `BackendError`.
 *
 * @module
 */
import { BackendError } from "../interface.ts";

/** How long the device may take. */
export interface WatchdogOptions {
  /** Waits are given up after so many milliseconds plus ten times what the queued work should take. */
  readonly limitMs: number;
  /** Operations a second that this kind of device surely reaches, until it was measured. */
  readonly slowestFlops: number;
}

/** Work for the device, as messages and estimates see it. */
export interface Work {
  /** Such as `a step of "train 32x128" (276 kernels, the largest: matmul ...)`. */
  readonly label: string;
  /** Floating-point operations. */
  readonly flops: number;
}

/** Watches the waits for one device. */
export interface Watchdog {
  /** Says what was just submitted. */
  submitted(work: Work): void;
  /** What is queued should keep the device busy for so many milliseconds. */
  readonly backlogMs: number;
  /** Waits for all that was submitted. */
  wait<T>(answer: Promise<T> | (() => Promise<T>)): Promise<T>;
  /** As `Backend.guard`. */
  guard(advice: () => string): Disposable;
  /** Ends the guards. */
  dispose(): void;
}

/** After the limit, an answer that came while the thread was blocked has so long to be heard. */
const GRACE_MS = 500;
/** A wait takes Deno 11 to 13 ms whatever the work: shorter ones say nothing of the device's speed. */
const TELLING_MS = 100;

/** Watches a device. */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  const guards = new Map<symbol, () => string>();
  let sentinel: Sentinel | undefined;
  let queued: { last: Work; count: number; flops: number; since: number } | undefined;
  /** Milliseconds for one operation, as last measured. */
  let pace = 1000 / options.slowestFlops;

  const expectedMs = () => (queued?.flops ?? 0) * pace;
  const describe = (limitMs: number) => {
    const seconds = `${Number((limitMs / 1000).toPrecision(2))} s`;
    if (!queued) return `The GPU does not answer: nothing came back for ${seconds}`;
    const more = queued.count > 1 ? ` and ${queued.count - 1} more before it` : "";
    return `The GPU does not answer: nothing came back for ${seconds}; the last work it was given is ${queued.last.label}${more}`;
  };
  const release = (id: symbol) => {
    guards.delete(id);
    if (guards.size > 0) return;
    sentinel?.dispose();
    sentinel = undefined;
  };
  return {
    submitted(work) {
      queued = {
        last: work,
        count: (queued?.count ?? 0) + 1,
        flops: (queued?.flops ?? 0) + work.flops,
        since: queued?.since ?? performance.now(),
      };
    },
    get backlogMs() {
      return expectedMs();
    },
    async wait(answer) {
      const limitMs = options.limitMs + 10 * expectedMs();
      const advice = [...guards.values()].at(-1)?.();
      sentinel?.watch(limitMs, [describe(limitMs), ...(advice ? [advice] : [])].join(". "));
      try {
        const value = await orGiveUp(answer, limitMs, () => describe(limitMs));
        if (queued) {
          const ms = performance.now() - queued.since;
          const measured = ms / Math.max(queued.flops, 1);
          if (ms > TELLING_MS || measured < pace) pace = measured;
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
    // The timer may fire late, after a block, when the answer is there and was not heard yet.
    timer = setTimeout(() => timer = setTimeout(late, Math.min(GRACE_MS, limitMs)), limitMs);
  });
  try {
    return await Promise.race([typeof answer === "function" ? answer() : answer, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** A thread that ends the process unless it is told in time that all is well. */
interface Sentinel {
  watch(limitMs: number, line: string): void;
  rest(): void;
  dispose(): void;
}

/** As text, since a program may be bundled into one file. It needs no permission: a process may end itself. */
const sentinelScript = `
let timer;
self.onmessage = ({ data }) => {
  clearTimeout(timer);
  if (!data) return;
  timer = setTimeout(() => {
    const start = Deno.stderr.isTerminal() ? "\\r\\x1b[K" : "";
    Deno.stderr.writeSync(new TextEncoder().encode(start + "weir: " + data.line + "\\n"));
    Deno.kill(Deno.pid, "SIGKILL");
  }, data.limitMs);
};`;

function createSentinel(): Sentinel {
  const url = `data:text/javascript,${encodeURIComponent(sentinelScript)}`;
  const worker = new Worker(url, { type: "module", name: "weir watchdog" });
  return {
    // A wait that is cut short by an answer is over long before; the thread that waits speaks first if it can.
    watch: (limitMs, line) => worker.postMessage({ limitMs: limitMs + 2 * GRACE_MS, line }),
    rest: () => worker.postMessage(null),
    dispose: () => worker.terminate(),
  };
}
