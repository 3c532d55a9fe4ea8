/**
 * Reads from the GPU without Deno's sleep, for libraries that read by themselves, such as onnxruntime-web and transformers.js.
 *
 * Deno's `GPUBuffer.mapAsync` polls the driver until the device is done, within the call, and then sleeps 10 ms before it
 * resolves: every read takes 11 to 13 ms whatever the work. The contents are there when the call returns, and
 * {@linkcode installInstantReads} changes WebGPU's classes so that the promise resolves then. It has to be installed in the
 * thread (each Worker has classes of its own) before the library makes its buffers:
 *
 * ```ts ignore
 * import { installInstantReads } from "@weir/weir/instant-reads";
 * installInstantReads();
 * const ort = await import("onnxruntime-web/webgpu");
 * ```
 *
 * Nothing else changes for the library: the same bytes, `mapState`, ranges and errors, and a promise that rejects where the
 * device is lost. The thread is blocked while the GPU works, as it is without this: Deno polls within the call.
 *
 * @module
 */
import { createTurns } from "../base/turns.ts";

/** Versions of Deno in which a buffer was seen to have its contents when `mapAsync` returns, if it was mapped before. */
const seenInstant: readonly string[] = ["2.9.6"];

/**
 * Whether contents are there when `mapAsync` returns, in this version of Deno or another.
 *
 * @example
 * ```ts
 * import { readsInstantly } from "./instant_reads.ts";
 * import assert from "node:assert/strict";
 * assert.equal(readsInstantly("2.9.6"), true);
 * assert.equal(readsInstantly("1.0.0"), false); // nobody has looked: reads are awaited
 * ```
 */
export function readsInstantly(version: string = Deno.version.deno): boolean {
  return seenInstant.includes(version);
}

/** What was changed, if anything. */
export interface InstantReads {
  /** False where nothing was changed: reads are awaited as before. */
  readonly installed: boolean;
  /** Why nothing was changed, in a sentence for a log. */
  readonly reason?: string;
  /** Resolves when no sleep of Deno's is under way any more: for tests that look for operations left over. */
  settle(): Promise<void>;
  /** Puts WebGPU's own methods back; buffers made meanwhile are read as before. */
  uninstall(): void;
}

/**
 * Makes the reads of every library in this thread return as soon as the GPU is done.
 *
 * What it does: a buffer for reading is made mapped and unmapped at once, since one that was never mapped ends the process when
 * its range is asked for too early; `mapAsync` resolves if its range is there when Deno's own call returns, and otherwise when
 * Deno's does. `getMappedRange` throws an `OperationError` where no promise has resolved yet, as the specification says. A size
 * that is no multiple of 4 cannot be mapped when the buffer is made: such a buffer is awaited.
 *
 * A second call changes nothing and returns what the first did.
 *
 * @param options.version Deno's own unless given; in a version that was not seen to allow it, nothing is changed.
 *
 * @example
 * ```ts
 * import { installInstantReads } from "./instant_reads.ts";
 * import assert from "node:assert/strict";
 *
 * const reads = installInstantReads();
 * // ... load onnxruntime-web, and use it
 * reads.uninstall();
 *
 * const { installed, reason } = installInstantReads({ version: "1.0.0" });
 * assert.equal(installed, false);
 * assert.match(reason!, /Deno 1.0.0/);
 * ```
 */
export function installInstantReads(
  { version = Deno.version.deno }: { readonly version?: string } = {},
): InstantReads {
  if (current) return current;
  if (!readsInstantly(version)) {
    return notInstalled(
      `reads are awaited: it was seen to work in Deno ${seenInstant.join(", ")}, and this is Deno ${version}`,
    );
  }
  if (typeof GPUDevice === "undefined" || typeof GPUBuffer === "undefined") {
    return notInstalled("there is no WebGPU in this thread");
  }
  return current = install();
}

let current: InstantReads | undefined;

function notInstalled(reason: string): InstantReads {
  return { installed: false, reason, settle: () => Promise.resolve(), uninstall: () => {} };
}

/**
 * What the library sees of a buffer for reading. Deno's own state is late: it says "mapped" 10 ms after the call, also of a
 * buffer that was unmapped since.
 */
interface Mapping {
  state: GPUBufferMapState;
  /** Rejects the promise that the library waits for. */
  abort?: (why: string) => void;
}

/** Of buffers that were made here. */
const mappings = new WeakMap<GPUBuffer, Mapping>();
/** Buffers that were mapped at least once: the range of any other ends the process. */
const onceMapped = new WeakSet<GPUBuffer>();
/** Deno's own promises, each with its sleep. */
const sleeping = new Set<Promise<unknown>>();

function install(): InstantReads {
  const device = GPUDevice.prototype;
  const buffer = GPUBuffer.prototype;
  const { createBuffer } = device;
  const { mapAsync, getMappedRange, unmap, destroy } = buffer;
  const mapState = Object.getOwnPropertyDescriptor(buffer, "mapState")!;
  const turns = createTurns();

  device.createBuffer = function (descriptor) {
    const isWarmed = canBeWarmed(descriptor);
    // It inherits the library's, whatever kind of object that is.
    const made = createBuffer.call(
      this,
      isWarmed ? Object.create(descriptor, { mappedAtCreation: { value: true } }) : descriptor,
    );
    if (!isWarmed && !descriptor?.mappedAtCreation) return made;
    onceMapped.add(made);
    if (!(descriptor.usage & GPUBufferUsage.MAP_READ)) return made;
    try {
      if (isWarmed) unmap.call(made);
      mappings.set(made, { state: isWarmed ? "unmapped" : "mapped" });
    } catch {
      onceMapped.delete(made); // It was not made; its error scope says why, and so does whatever is done with it.
    }
    return made;
  };

  buffer.mapAsync = function (...args) {
    const mapping = mappings.get(this);
    const answer = mapAsync.apply(this, args);
    if (!mapping) {
      answer.then(() => onceMapped.add(this), () => {});
      return answer;
    }
    if (mapping.state !== "unmapped") return answer; // Deno rejects it, and the first call goes on.
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    mapping.state = "pending";
    const abort = mapping.abort = (why) => {
      mapping.state = "unmapped";
      mapping.abort = undefined;
      reject(new DOMException(why, "AbortError"));
    };
    const finish = () => {
      if (mapping.abort !== abort) return;
      mapping.state = "mapped";
      mapping.abort = undefined;
      resolve(undefined);
    };
    const settled = answer.then(finish, (error) => {
      if (mapping.abort !== abort) return;
      mapping.state = "unmapped";
      mapping.abort = undefined;
      reject(error);
    }).finally(() => sleeping.delete(settled));
    sleeping.add(settled);
    if (!isThere(this, args[1])) return promise;
    // A thread that reads all the time lets others have a turn.
    if (turns.isDue) turns.give().then(finish);
    else queueMicrotask(finish);
    return promise;
  };

  /**
   * Whether what was mapped from `offset` on can be read by now: not if the device is lost, or Deno came back before it was done.
   * A few bytes say it: Deno copies a range each time it is asked for.
   */
  const isThere = (of: GPUBuffer, offset = 0): boolean => {
    try {
      getMappedRange.call(of, offset, 4);
      return true;
    } catch {
      return false;
    }
  };

  buffer.getMappedRange = function (...args) {
    const isMapped = mappings.has(this)
      ? mappings.get(this)!.state === "mapped"
      : onceMapped.has(this) || mapState.get!.call(this) === "mapped";
    if (!isMapped) throw new DOMException("Buffer is not mapped", "OperationError");
    return getMappedRange.apply(this, args);
  };

  const release = (of: GPUBuffer, why: string) => {
    const mapping = mappings.get(of);
    if (!mapping) return;
    mapping.abort?.(why);
    mapping.state = "unmapped";
  };
  buffer.unmap = function () {
    release(this, "Buffer was unmapped before it was mapped");
    return unmap.call(this);
  };
  buffer.destroy = function () {
    release(this, "Buffer was destroyed before it was mapped");
    return destroy.call(this);
  };
  Object.defineProperty(buffer, "mapState", {
    ...mapState,
    get(this: GPUBuffer) {
      return mappings.get(this)?.state ?? mapState.get!.call(this);
    },
  });

  return {
    installed: true,
    async settle() {
      await Promise.all(sleeping);
    },
    uninstall() {
      device.createBuffer = createBuffer;
      Object.assign(buffer, { mapAsync, getMappedRange, unmap, destroy });
      Object.defineProperty(buffer, "mapState", mapState);
      current = undefined;
    },
  };
}

/** Whether a buffer is for reading and can be mapped once when it is made, which the library has not asked for. */
function canBeWarmed(descriptor: GPUBufferDescriptor | undefined): boolean {
  if (!descriptor || descriptor.mappedAtCreation) return false;
  return (descriptor.usage & GPUBufferUsage.MAP_READ) !== 0 && descriptor.size % 4 === 0;
}
