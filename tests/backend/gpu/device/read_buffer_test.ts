import assert from "node:assert/strict";
import {
  type AdapterDescription,
  describeAdapter,
  openDevice,
} from "../../../../src/backend/gpu/device/device.ts";
import { createReader, ReadBuffer } from "../../../../src/backend/gpu/device/read_buffer.ts";

const adapter: AdapterDescription | null = await describeAdapter();
const elements = 1024;

/** Reads what the device was given, `times` times, each time another value. */
async function readBack(device: GPUDevice, version: string | undefined, times: number) {
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const source = device.createBuffer({ size: 4 * elements, usage: STORAGE | COPY_SRC | COPY_DST });
  const buffer = new ReadBuffer(device, { label: "to read", size: 4 * elements });
  const reader = createReader({ version });
  const seen: number[] = [];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const start = performance.now();
  for (let i = 0; i < times; i++) {
    device.queue.writeBuffer(source, 0, new Uint32Array(elements).fill(i));
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, buffer.target, 0, 4 * elements);
    device.queue.submit([encoder.finish()]);
    const take = (mapped: ArrayBuffer) => new Uint32Array(mapped).at(-1)!;
    seen.push(await reader.read(buffer, 4 * elements, { take, wait: (begin) => begin() }));
  }
  const ms = performance.now() - start;
  clearInterval(timer);
  await reader.settle();
  buffer.destroy();
  source.destroy();
  return { seen, turns, ms };
}

for (const [name, version] of [["at once", undefined], ["awaited, as in an unknown version", "0.0.0"]]) {
  Deno.test({
    name: `what the device copied is read, ${name}: each time what it was given last`,
    ignore: !adapter,
    async fn() {
      const context = await openDevice();
      try {
        const { seen } = await readBack(context.device, version, 40);
        assert.deepEqual(seen, Array.from({ length: 40 }, (_, i) => i));
        await context.verify();
      } finally {
        await context.dispose();
      }
    },
  });
}

Deno.test({
  name: "a thread that does nothing but read lets timers have their turn",
  ignore: !adapter,
  async fn() {
    const context = await openDevice();
    try {
      const { turns, ms } = await readBack(context.device, undefined, 600);
      assert.ok(turns > ms / 200, `${turns} turns in ${ms} ms`);
    } finally {
      await context.dispose();
    }
  },
});

Deno.test({
  name: "the end of all work is known without Deno's sleep",
  ignore: !adapter,
  async fn() {
    const context = await openDevice();
    try {
      const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
      const [from, to] = [1, 2].map(() =>
        context.device.createBuffer({ size: 4096, usage: STORAGE | COPY_SRC | COPY_DST })
      );
      let least = Infinity;
      for (let i = 0; i < 20; i++) {
        const encoder = context.device.createCommandEncoder();
        encoder.copyBufferToBuffer(from, 0, to, 0, 4096);
        context.device.queue.submit([encoder.finish()]);
        const start = performance.now();
        await context.finish();
        least = Math.min(least, performance.now() - start);
      }
      assert.ok(least < 9, `the fastest of 20 waits took ${least} ms`);
      await context.verify();
    } finally {
      await context.dispose();
    }
  },
});

Deno.test({
  name: "memory to read that there is no room for is an error with its bytes, and the device goes on",
  ignore: !adapter,
  async fn() {
    const context = await openDevice();
    try {
      const size = 4 * Math.ceil(adapter!.limits.maxBufferSize / 4) + 4;
      await assert.rejects(
        context.readBuffer("answers", size),
        new RegExp(`Cannot allocate ${size} bytes for answers`),
      );
      const { seen } = await readBack(context.device, undefined, 2);
      assert.deepEqual(seen, [0, 1]);
      await context.verify();
    } finally {
      await context.dispose();
    }
  },
});

Deno.test({
  name: "a read from a device that is lost rejects, at once and awaited",
  ignore: !adapter,
  async fn() {
    for (const version of [undefined, "0.0.0"]) {
      const context = await openDevice();
      const buffer = new ReadBuffer(context.device, { label: "to read", size: 4 });
      context.device.destroy();
      const reader = createReader({ version });
      await assert.rejects(reader.read(buffer, 4, { take: () => 1, wait: (begin) => begin() }));
      await context.dispose();
    }
  },
});
