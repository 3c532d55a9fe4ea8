/**
 * Memory that the host reads from the device, and the only place where buffers are mapped.
 *
 * Deno's `mapAsync` polls the driver until the device is done, within the call, and then sleeps 10 ms before it resolves. The
 * contents can be taken as soon as the call has returned: 0.1 ms after the device's own time instead of 11. That holds in the
 * versions that `instant_reads.ts` lists, where it was seen to, and for buffers that were mapped before; one that never was ends
 * the process, which is why each is made mapped. In other versions, and where the contents are not there yet, the answer is
 * awaited.
 *
 * @module
 */
import { createTurns } from "../../../base/turns.ts";
import { readsInstantly } from "../../instant_reads.ts";

/** A buffer for reading. `context.readBuffer` makes it with errors caught. */
export class ReadBuffer {
  /** What the device copies to. */
  readonly target: GPUBuffer;

  /** Room for `size` bytes, a multiple of 4. What is wrong with it is said by the device's error scopes. */
  constructor(device: GPUDevice, { label, size }: { readonly label: string; readonly size: number }) {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    this.target = device.createBuffer({ label, size, usage, mappedAtCreation: true });
    try {
      this.target.unmap();
    } catch {
      // It was not made.
    }
  }

  /** Gives the memory back. */
  destroy(): void {
    this.target.destroy();
  }
}

/** Reads from one device. */
export interface Reader {
  /**
   * What `take` makes of a buffer's first bytes, which it has to copy, when all that was submitted is done. `wait` is given what
   * begins the wait; rejects as `mapAsync` does.
   */
  read<T>(
    buffer: ReadBuffer,
    bytes: number,
    options: { take: (mapped: ArrayBuffer) => T; wait: (begin: () => Promise<unknown>) => Promise<unknown> },
  ): Promise<T>;
  /** Resolves when nothing is under way any more. */
  settle(): Promise<void>;
}

/** Reads at once where this version of Deno is known to allow it; `version` is Deno's own if not given. */
export function createReader({ version = Deno.version.deno }: { readonly version?: string } = {}): Reader {
  const isInstant = readsInstantly(version);
  const underWay = new Set<Promise<unknown>>();
  const turns = createTurns();
  return {
    async read({ target }, bytes, { take, wait }) {
      let mapped: ArrayBuffer | undefined;
      await wait(() => {
        const answer = target.mapAsync(GPUMapMode.READ, 0, bytes);
        if (!isInstant) return answer;
        try {
          mapped = target.getMappedRange(0, bytes);
        } catch {
          return answer; // The device is lost, or not done.
        }
        const settled = answer.catch(() => {}).finally(() => underWay.delete(settled));
        underWay.add(settled);
        return Promise.resolve();
      });
      try {
        return take(mapped ?? target.getMappedRange(0, bytes));
      } finally {
        target.unmap();
        if (turns.isDue) await turns.give();
      }
    },
    async settle() {
      await Promise.all(underWay);
    },
  };
}
