/**
 * When each kernel runs: which ones run at the same time, and where a step may be cut into compute passes
 * (`compute_passes.ts` cuts it).
 *
 * WebGPU puts a barrier, which waits for everything before, in front of a launch that uses a buffer otherwise than it was
 * last used in the same pass: reads what was written, writes what was read or written. Launches without one overlap, and
 * cost a tenth (on an H100 0.2 us instead of 2.3, and two half-filling kernels take the time of one:
 * `bench/gpu_launch.ts`). So:
 *
 * - Kernels are ordered in **epochs** of kernels that do not depend on each other. Only the first of an epoch waits: what
 *   the others read is bound to it too (**touched**), so that all of the epoch's barriers come at once.
 * - A buffer that is reused within a pass makes its writer wait, at the start of a pass nothing does. So memory is reused from
 *   pass to pass only, and a step whose memory is small is one pass.
 *
 * @module
 */
import { extentOf, type Kernel, type Storage } from "../kernels/writer.ts";

/** What is known of a buffer: storages that lie in one buffer have one key. */
export type BufferKey = (storage: Storage) => unknown;

/** How far the order may stray. */
export interface TimelineOptions {
  /** Kernels that are looked at beyond the first one that has not run; 24 if not given. */
  readonly window?: number;
  /** Storages in one buffer are known to be; each is its own if not given. */
  readonly bufferOf?: BufferKey;
}

/** Kernels in their order, each with the number of its epoch. */
export interface Timeline {
  readonly kernels: readonly Kernel[];
  readonly epochs: readonly number[];
}

interface Use {
  reads: boolean;
  writes: boolean;
}

/**
 * Orders kernels, given in an order that is right, in epochs. A kernel goes into the first epoch after those of all it
 * depends on, if it is among the first `window` that are left: what is computed again for a backward pass is not computed
 * long before.
 */
export function arrange(kernels: readonly Kernel[], options: TimelineOptions = {}): Timeline {
  const { window = 24, bufferOf = (storage) => storage } = options;
  const before = dependencies(kernels);
  const epochOf = new Map<number, number>();
  const order: number[] = [];
  let left = kernels.map((_, i) => i);
  for (let epoch = 0; left.length > 0; epoch++) {
    const used = new Map<unknown, Use>();
    const taken = new Set<number>();
    for (const i of left.slice(0, window)) {
      const ready = before[i].every((j) => (epochOf.get(j) ?? epoch) < epoch);
      if (!ready || collides(kernels[i], used, bufferOf)) continue;
      taken.add(i);
      use(kernels[i], used, bufferOf);
    }
    for (const i of taken) {
      epochOf.set(i, epoch);
      order.push(i);
    }
    left = left.filter((i) => !taken.has(i));
  }
  return { kernels: order.map((i) => kernels[i]), epochs: order.map((i) => epochOf.get(i)!) };
}

/** For each kernel, those before it that must be done: they write what it reads, or use what it writes. */
function dependencies(kernels: readonly Kernel[]): number[][] {
  // A storage may be part of another one that a kernel uses as a whole.
  const uses = new Map<Storage, { begin: number; end: number; writer?: number; readers: number[] }[]>();
  return kernels.map(({ bindings }, i) => {
    const found = new Set<number>();
    for (const { storage, writes } of bindings) {
      const { root, begin, end } = extentOf(storage);
      for (const use of uses.get(root) ?? []) {
        if (use.begin >= end || begin >= use.end) continue;
        if (use.writer !== undefined) found.add(use.writer);
        if (writes) { for (const reader of use.readers) found.add(reader); }
      }
    }
    for (const { storage, writes } of bindings) {
      const { root, begin, end } = extentOf(storage);
      const list = uses.get(root) ?? [];
      if (writes) uses.set(root, list.filter((use) => use.begin < begin || end < use.end));
      const same = uses.get(root)?.find((use) => use.begin === begin && use.end === end);
      if (same) same.readers.push(i);
      else {
        const use = writes ? { begin, end, writer: i, readers: [] } : { begin, end, readers: [i] };
        uses.set(root, [...uses.get(root) ?? [], use]);
      }
    }
    found.delete(i);
    return [...found];
  });
}

function collides(kernel: Kernel, used: ReadonlyMap<unknown, Use>, bufferOf: BufferKey): boolean {
  return kernel.bindings.some(({ storage, writes }) => {
    const known = used.get(bufferOf(storage));
    return known !== undefined && (writes || known.writes);
  });
}

function use(kernel: Kernel, used: Map<unknown, Use>, bufferOf: BufferKey): void {
  for (const { storage, writes } of kernel.bindings) {
    const key = bufferOf(storage);
    const known = used.get(key) ?? { reads: false, writes: false };
    used.set(key, { reads: known.reads || !writes, writes: known.writes || writes });
  }
}

/** The pass of each kernel: a new one begins with the epoch after every `most` kernels. */
export function computePassesOf({ epochs }: Timeline, most: number): number[] {
  let pass = 0;
  let first = 0;
  return epochs.map((epoch, i) => {
    if (i > 0 && epoch !== epochs[i - 1] && i - first >= most) {
      pass++;
      first = i;
    }
    return pass;
  });
}

/**
 * For the first kernel of each epoch, the storages that the other kernels of the epoch read and an earlier kernel of the
 * same pass wrote: bound to the first one as well, they are waited for once. At most so many that the kernel binds
 * `maxBuffers` in all.
 */
export function touchesOf(
  { kernels, epochs }: Timeline,
  passes: readonly number[],
  options: { maxBuffers: number; bufferOf: BufferKey },
): Storage[][] {
  const { maxBuffers, bufferOf } = options;
  const touches: Storage[][] = kernels.map(() => []);
  /** Buffers whose last use in this pass was a write. */
  let written = new Set<unknown>();
  for (let first = 0; first < kernels.length;) {
    if (first > 0 && passes[first] !== passes[first - 1]) written = new Set();
    let end = first + 1;
    while (end < kernels.length && epochs[end] === epochs[first]) end++;
    const bound = new Set(kernels[first].bindings.map((b) => bufferOf(b.storage)));
    const room = maxBuffers - kernels[first].bindings.length;
    for (const { bindings } of kernels.slice(first + 1, end)) {
      for (const { storage, writes } of bindings) {
        const key = bufferOf(storage);
        if (writes || !written.has(key) || bound.has(key) || touches[first].length >= room) continue;
        bound.add(key);
        touches[first].push(storage);
      }
    }
    for (const { bindings } of kernels.slice(first, end)) {
      for (const { storage, writes } of bindings) {
        if (writes) written.add(bufferOf(storage));
        else written.delete(bufferOf(storage));
      }
    }
    first = end;
  }
  return touches;
}
