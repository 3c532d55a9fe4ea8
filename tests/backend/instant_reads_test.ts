import assert from "node:assert/strict";
import { describeAdapter, openDevice } from "../../src/backend/gpu/device/device.ts";
import { installInstantReads, type InstantReads } from "../../src/backend/instant_reads.ts";
import { loadRuntime } from "../../src/backend/ort/load.ts";

const ignore = !await describeAdapter();
const { MAP_READ, MAP_WRITE, COPY_DST, COPY_SRC, STORAGE } = GPUBufferUsage;
const READ = 1, WRITE = 2; // GPUMapMode

/** A test with a device and the patch; `version` makes it one of a Deno that nobody has looked at. */
function check(
  name: string,
  fn: (device: GPUDevice, reads: InstantReads) => Promise<void>,
  { version }: { version?: string } = {},
) {
  Deno.test({
    name,
    ignore,
    async fn() {
      const reads = installInstantReads({ version });
      const context = await openDevice();
      try {
        await fn(context.device, reads);
      } finally {
        await reads.settle();
        await context.dispose();
        reads.uninstall();
      }
    },
  });
}

/** What is done in both ways, so that the two can be compared. */
function both(name: string, fn: (device: GPUDevice) => Promise<void>) {
  check(`${name}, read at once`, fn);
  check(`${name}, awaited as in an unknown version of Deno`, fn, { version: "0.0.0" });
}

function toRead(device: GPUDevice, size: number): GPUBuffer {
  return device.createBuffer({ size, usage: MAP_READ | COPY_DST });
}

/** Has the device copy bytes into a buffer for reading. */
function fill(device: GPUDevice, target: GPUBuffer, bytes: Uint8Array<ArrayBuffer>): void {
  const source = device.createBuffer({ size: bytes.length, usage: COPY_SRC | COPY_DST });
  device.queue.writeBuffer(source, 0, bytes);
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, target, 0, bytes.length);
  device.queue.submit([encoder.finish()]);
}

const counted = (size: number, from = 0) => Uint8Array.from({ length: size }, (_, i) => (i + from) % 251);

/** Name of the error that a call rejects with or throws, or what it came to. */
async function outcome(action: () => unknown): Promise<string> {
  try {
    await action();
    return "done";
  } catch (error) {
    return (error as Error).name;
  }
}

both("any part of a buffer of any size is read as it was written", async (device) => {
  for (
    const [size, offset, length] of [[4, 0, 4], [64, 0, undefined], [64, 16, 32], [64, 8, undefined], [
      1 << 20,
      4096,
      8192,
    ], [6, 0, 4]]
  ) {
    const buffer = toRead(device, size!);
    const bytes = counted(size! & ~3);
    for (let time = 0; time < 3; time++) {
      bytes[offset!] = time;
      fill(device, buffer, bytes);
      await buffer.mapAsync(READ, offset, length);
      const end = length === undefined ? size! : offset! + length;
      assert.deepEqual(new Uint8Array(buffer.getMappedRange(offset, length)), bytes.slice(offset, end));
      // A part of what is mapped.
      assert.deepEqual(new Uint8Array(buffer.getMappedRange(offset, 4)), bytes.slice(offset, offset! + 4));
      buffer.unmap();
    }
    buffer.destroy();
  }
});

both("many reads at a time each get what their buffer was given", async (device) => {
  const buffers = Array.from({ length: 48 }, () => toRead(device, 256));
  for (let round = 0; round < 5; round++) {
    const seen = await Promise.all(buffers.map(async (buffer, i) => {
      fill(device, buffer, counted(256, i + round));
      await buffer.mapAsync(READ);
      const copy = new Uint8Array(buffer.getMappedRange()).slice();
      buffer.unmap();
      return copy;
    }));
    seen.forEach((bytes, i) => assert.deepEqual(bytes, counted(256, i + round)));
  }
});

both("mapState, ranges and arrays are as the specification has them", async (device) => {
  const buffer = toRead(device, 64);
  fill(device, buffer, counted(64));
  assert.equal(buffer.mapState, "unmapped");
  const mapped = buffer.mapAsync(READ);
  assert.equal(buffer.mapState, "pending");
  await mapped;
  assert.equal(buffer.mapState, "mapped");
  const range = buffer.getMappedRange();
  assert.equal(range.byteLength, 64);
  buffer.unmap();
  assert.equal(range.byteLength, 0);
  assert.equal(buffer.mapState, "unmapped");
  assert.equal(await outcome(() => buffer.getMappedRange()), "OperationError");
  buffer.destroy();
});

check("a descriptor of any class makes the buffer that it describes", async (device) => {
  class Descriptor {
    readonly label = "answers";
    get size() {
      return 64;
    }
    get usage() {
      return MAP_READ | COPY_DST;
    }
  }
  const buffer = device.createBuffer(new Descriptor());
  assert.deepEqual([buffer.label, buffer.size, buffer.usage], ["answers", 64, MAP_READ | COPY_DST]);
  fill(device, buffer, counted(64));
  await buffer.mapAsync(READ);
  assert.deepEqual(new Uint8Array(buffer.getMappedRange()), counted(64));
  buffer.unmap();
});

check("a state is right when Deno's own promise has caught up", async (device, reads) => {
  const buffer = toRead(device, 64);
  await buffer.mapAsync(READ);
  buffer.unmap();
  await reads.settle();
  assert.equal(buffer.mapState, "unmapped");
  assert.equal(await outcome(() => buffer.mapAsync(READ)), "done");
  assert.equal(await outcome(() => buffer.mapAsync(READ)), "OperationError");
  assert.equal(buffer.mapState, "mapped");
  buffer.unmap();
});

check(
  "a promise that has not resolved when its buffer is unmapped or destroyed is aborted",
  async (device) => {
    for (const end of ["unmap", "destroy"] as const) {
      const buffer = toRead(device, 64);
      const mapped = buffer.mapAsync(READ);
      buffer[end]();
      assert.equal(await outcome(() => mapped), "AbortError");
      assert.equal(buffer.mapState, "unmapped");
    }
  },
);

check(
  "a range that is asked for too early is an error, where it would have ended the process",
  async (device, reads) => {
    reads.uninstall();
    const before = toRead(device, 64); // made before the patch, never mapped
    installInstantReads();
    for (const buffer of [before, toRead(device, 64)]) {
      const mapped = buffer.mapAsync(READ);
      assert.equal(await outcome(() => buffer.getMappedRange()), "OperationError");
      await mapped;
      assert.equal(buffer.getMappedRange().byteLength, 64);
      buffer.unmap();
    }
    installInstantReads().uninstall();
  },
);

check("buffers that are not for reading, or made mapped, are as they were", async (device) => {
  const source = device.createBuffer({ size: 16, usage: COPY_SRC | STORAGE, mappedAtCreation: true });
  assert.equal(source.mapState, "mapped");
  new Uint8Array(source.getMappedRange()).set(counted(16));
  source.unmap();
  const upload = device.createBuffer({ size: 16, usage: MAP_WRITE | COPY_SRC });
  const writable = upload.mapAsync(WRITE);
  assert.equal(await outcome(() => upload.getMappedRange()), "OperationError");
  await writable;
  new Uint8Array(upload.getMappedRange()).set(counted(16, 7));
  upload.unmap();
  for (const [from, first] of [[source, 0], [upload, 7]] as const) {
    const target = device.createBuffer({ size: 16, usage: MAP_READ | COPY_DST, mappedAtCreation: true });
    assert.equal(target.mapState, "mapped");
    target.getMappedRange();
    target.unmap();
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, target, 0, 16);
    device.queue.submit([encoder.finish()]);
    await target.mapAsync(READ);
    assert.deepEqual(new Uint8Array(target.getMappedRange()), counted(16, first));
    target.unmap();
  }
});

Deno.test({
  name: "what fails, fails with the same error, patched or not",
  ignore,
  async fn() {
    const outcomes: string[][] = [];
    for (const version of [undefined, "0.0.0"]) {
      const reads = installInstantReads({ version });
      const context = await openDevice();
      const { device } = context;
      const buffer = toRead(device, 64);
      const huge = toRead(device, 2 ** 40);
      const other = device.createBuffer({ size: 64, usage: STORAGE });
      const results = [
        await outcome(() => buffer.mapAsync(READ, 3, 4)),
        await outcome(() => buffer.mapAsync(READ, 0, 4096)),
        await outcome(() => buffer.mapAsync(0)),
        await outcome(() => buffer.mapAsync(WRITE)),
        await outcome(() => buffer.mapAsync(READ | WRITE)),
        // deno-lint-ignore no-explicit-any
        await outcome(() => (buffer as any).mapAsync()),
        await outcome(() => huge.mapAsync(READ)),
        await outcome(() => other.mapAsync(READ)),
        await outcome(() => other.getMappedRange()),
        await outcome(() => buffer.unmap()),
        // deno-lint-ignore no-explicit-any
        await outcome(() => (device as any).createBuffer()),
        // deno-lint-ignore no-explicit-any
        await outcome(() => device.createBuffer({ size: 8 } as any)),
        // None of it has spoilt the buffer.
        await outcome(() => buffer.mapAsync(READ, 16, 16)),
        await outcome(() => buffer.getMappedRange(16, 16)),
        await outcome(() => buffer.getMappedRange(0, 16)),
        await outcome(() => buffer.getMappedRange(20, 4)),
        await outcome(() => buffer.getMappedRange(16, 3)),
        await outcome(() => buffer.getMappedRange(16, 32)),
        await outcome(() => buffer.unmap()),
        await outcome(() => buffer.destroy()),
        await outcome(() => buffer.mapAsync(READ)),
      ];
      outcomes.push(results);
      await reads.settle();
      await context.dispose();
      reads.uninstall();
    }
    assert.deepEqual(outcomes[0], outcomes[1]);
    assert.equal(outcomes[0][0], "OperationError");
    assert.equal(outcomes[0][12], "done");
  },
});

both("a read from a device that is lost rejects, also one that was under way", async (device) => {
  const buffers = [toRead(device, 64), toRead(device, 64)];
  fill(device, buffers[0], counted(64));
  await buffers[0].mapAsync(READ);
  buffers[0].unmap();
  fill(device, buffers[0], counted(64));
  const underWay = toRead(device, 64).mapAsync(READ);
  device.destroy();
  assert.equal(await outcome(() => underWay), "done"); // what it was asked for was there before
  for (const buffer of [...buffers, toRead(device, 64)]) {
    assert.equal(await outcome(() => buffer.mapAsync(READ)), "OperationError");
    assert.equal(buffer.mapState === "mapped", false);
  }
});

check("a read does not take Deno's sleep of 10 ms", async (device) => {
  const buffer = toRead(device, 64);
  let least = Infinity;
  for (let i = 0; i < 20; i++) {
    fill(device, buffer, counted(64));
    const start = performance.now();
    await buffer.mapAsync(READ);
    least = Math.min(least, performance.now() - start);
    buffer.unmap();
  }
  assert.ok(least < 9, `the fastest of 20 reads took ${least} ms`);
});

check("a library that reads all the time lets timers have their turn", async (device) => {
  const buffer = toRead(device, 64);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const start = performance.now();
  while (performance.now() - start < 400) {
    await buffer.mapAsync(READ);
    buffer.unmap();
  }
  clearInterval(timer);
  assert.ok(turns > 4, `${turns} turns in 400 ms`);
});

Deno.test({
  name: "in a version of Deno that nobody has looked at, nothing is changed, and the reason is said",
  ignore,
  fn() {
    const before = [GPUBuffer.prototype.mapAsync, GPUDevice.prototype.createBuffer];
    const reads = installInstantReads({ version: "9.9.9" });
    assert.equal(reads.installed, false);
    assert.match(reads.reason!, /seen to work in Deno .*, and this is Deno 9\.9\.9/);
    assert.deepEqual([GPUBuffer.prototype.mapAsync, GPUDevice.prototype.createBuffer], before);
  },
});

Deno.test({
  name: "a second call changes nothing, and what is uninstalled is gone",
  ignore,
  fn() {
    const { mapAsync } = GPUBuffer.prototype;
    const reads = installInstantReads();
    const changed = GPUBuffer.prototype.mapAsync;
    assert.notEqual(changed, mapAsync);
    assert.equal(installInstantReads(), reads);
    assert.equal(GPUBuffer.prototype.mapAsync, changed);
    reads.uninstall();
    assert.equal(GPUBuffer.prototype.mapAsync, mapAsync);
  },
});

Deno.test({
  name: "onnxruntime-web's WebGPU is loaded with it: so are the Workers that serve",
  ignore,
  async fn() {
    const location = Object.getOwnPropertyDescriptor(globalThis, "location");
    const { mapAsync } = GPUBuffer.prototype;
    await loadRuntime("webgpu", 1);
    assert.notEqual(GPUBuffer.prototype.mapAsync, mapAsync);
    installInstantReads().uninstall();
    if (location) Object.defineProperty(globalThis, "location", location);
  },
});
