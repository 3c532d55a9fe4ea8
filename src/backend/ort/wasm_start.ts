/**
 * Three things that ONNX Runtime's WebAssembly build does while it starts and that have to be put right from outside.
 *
 * @module
 */

/** Address space for the heap: what is not touched takes no memory. */
const heapSizes = [3 * 2 ** 30, 2 ** 30, 2 ** 28];

/**
 * Calls `start`, during which ONNX Runtime makes its memory and asks about threads.
 *
 * 1. Its shared memory begins at 16 MiB and grows. Deno runs WebAssembly with explicit bounds checks, and a thread learns
 *    of a new bound only at its next interrupt check: one that is handed work in memory that has just been added dies of
 *    "memory access out of bounds", and the main thread never stops waiting for it. So the memory of more than one thread is made
 *    large at once, and does not grow.
 * 2. It finds out whether threads can be used with a message port that it never closes.
 * 3. It puts Node's Worker in the place of the Web's, for the whole thread, though it wants it only while it starts its own.
 */
export async function startWasm(start: () => Promise<void>, { threads }: { threads: number }): Promise<void> {
  const { Memory } = WebAssembly;
  const { MessageChannel, Worker } = globalThis;
  const opened: MessagePort[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(
        threads > 1 && descriptor.shared && descriptor.maximum ? largest(Memory, descriptor) : descriptor,
      );
    }
  };
  globalThis.MessageChannel = class extends MessageChannel {
    constructor() {
      super();
      opened.push(this.port1, this.port2);
    }
  };
  try {
    await start();
  } finally {
    WebAssembly.Memory = Memory;
    globalThis.MessageChannel = MessageChannel;
    globalThis.Worker = Worker;
    for (const port of opened) port.close();
  }
}

/** The descriptor with the largest heap that this machine gives. */
function largest(
  Memory: typeof WebAssembly.Memory,
  descriptor: WebAssembly.MemoryDescriptor,
): WebAssembly.MemoryDescriptor {
  for (const bytes of heapSizes) {
    const initial = Math.min(bytes / 65536, descriptor.maximum!);
    if (initial <= descriptor.initial) break;
    try {
      new Memory({ ...descriptor, initial });
      return { ...descriptor, initial };
    } catch {
      // Less address space than that: try the next size.
    }
  }
  return descriptor;
}
