/**
 * A plan on the device: every pipeline, buffer and bind group is made once, and a run replays a few compute passes.
 *
 * @module
 */
import { debugPrint } from "../../../graph/debug.ts";
import { dtypes, type HostTensor } from "../../../graph/dtype.ts";
import { type Graph, inputsOf, labelOf, type NodeOf } from "../../../graph/node.ts";
import { bindGraph } from "../../../graph/passes/bind.ts";
import { expand } from "../../../graph/passes/expand.ts";
import { optimize } from "../../../graph/passes/optimize.ts";
import { numeric } from "../../../graph/shape.ts";
import { checkFeeds } from "../../feeds.ts";
import {
  BackendError,
  type CompileOptions,
  type Phase,
  type Program,
  type RunProfile,
  type Tensors,
} from "../../interface.ts";
import type { GpuContext } from "./device.ts";
import { findCulprit } from "./diagnose.ts";
import { checkFootprint, describeFootprint, footprintOf } from "../plan/footprint.ts";
import { decode, encode } from "./host.ts";
import { PlanBuffers } from "./buffers.ts";
import { type Binding, wgslOf } from "../kernels/writer.ts";
import { checkIds, type IdInput, idInputsOf } from "./ids.ts";
import { hasKernel } from "../rules/rules.ts";
import { makePlan, type Plan, type PlanLimits, printPlan } from "../plan/plan.ts";
import { bindLaunches, encodeLaunch, type Launch } from "./launches.ts";
import { Kept } from "./kept.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import { type Copy, Ring } from "./ring.ts";
import { copyOutputs, type FedSlot, fedSlots, type OutputSlots, outputSlots } from "./slots.ts";
import { copyable, joined, StateTable, tensorOf } from "./states.ts";
import { createPassClock, type PassClock } from "./timestamps.ts";

/** One launch of a kernel, as tests and profiles see it. */
export interface PlannedKernel {
  /** Its main op with label and shape, and the ops computed along with it. */
  readonly name: string;
  /** Workgroups along x, y and z. */
  readonly workgroups: readonly [number, number, number];
  /** What it only reads, in the order of its bindings. */
  readonly reads: readonly string[];
  /** What it writes; a state that is updated in place is read too. */
  readonly writes: readonly string[];
  /** Floating-point operations of a launch, estimated from the shapes. */
  readonly flops: number;
  /** Bytes of what it reads and writes. */
  readonly bytes: number;
}

/** A program on the GPU. */
export interface GpuProgram extends Program {
  /** The kernels of one run, in order. */
  readonly kernels: readonly PlannedKernel[];
  /** As `Program.profile`; kernels have times where the adapter has `timestamp-query`. */
  profile(feeds: Tensors): Promise<RunProfile>;
}

/** Work that may be queued before a step waits for the device, by what it should take. */
const backlogMs = 4000;

/** Compiles a graph for an open device. */
export async function compileProgram(
  context: GpuContext,
  source: Graph,
  options: CompileOptions & { limits: PlanLimits; checksIds?: boolean; onDispose?: () => void },
): Promise<GpuProgram> {
  context.check();
  if (options.share && !(options.share instanceof DeviceProgram && options.share.isOn(context))) {
    throw new BackendError("Cannot share states with a program of another backend");
  }
  const graph = optimize(expand(bindGraph(source, options.bindings), (n) => hasKernel(n, options.limits)));
  for (const node of graph.nodes) {
    if (dtypes[node.dtype].wgsl) continue;
    throw new BackendError(`Cannot compile ${labelOf(node)} on webgpu: the GPU has no ${node.dtype} yet`);
  }
  const states = options.share ? (options.share as DeviceProgram).states : new StateTable();
  const plan = makePlan(graph, options.limits, { known: (state) => states.offsetOf(state) });
  const footprint = footprintOf(plan);
  checkFootprint(footprint, { maxBytes: options.limits.maxTotalBytes, label: options.label });
  debugPrint(3, `plan of ${options.label ?? "program"}`, () => printPlan(plan));
  const texts = plan.kernels.map((k, i) => ({
    wgsl: wgslOf(k),
    layout: {
      writes: k.bindings.map((b) => b.writes || b.shared === true),
      touched: plan.touches[i].length,
    },
  }));
  texts.forEach(({ wgsl }, i) => debugPrint(4, plan.kernels[i].name, () => wgsl));
  await context.prepare(texts);
  const pipelines = Promise.all(
    plan.kernels.map((k, i) => context.pipeline(k.name, texts[i].wgsl, texts[i].layout)),
  );
  const giveBack = () => {
    context.giveBack(texts);
    states.release();
  };
  const onDispose = () => {
    giveBack();
    options.onDispose?.();
  };
  states.retain();
  try {
    const label = options.label ?? "program";
    const perSubmit = options.limits.kernelsPerSubmit ?? Infinity;
    const ids = options.checksIds ? idInputsOf(graph) : [];
    return await DeviceProgram.create(
      context,
      { label, graph, plan, states, perSubmit, ids, onDispose },
      await pipelines,
    );
  } catch (error) {
    giveBack();
    if (!(error instanceof BackendError && error.outOfMemory)) throw error;
    throw new BackendError(`${error.message}; ${describeFootprint(footprint)}`, { outOfMemory: true });
  }
}

interface Compiled {
  readonly label: string;
  readonly graph: Graph;
  readonly plan: Plan;
  readonly states: StateTable;
  /** Kernels after which a run is handed to the device, at the end of their pass. */
  readonly perSubmit: number;
  /** Inputs to be checked at every run. */
  readonly ids: readonly IdInput[];
  /** Is called when it is disposed. */
  readonly onDispose: () => void;
}

class DeviceProgram implements GpuProgram {
  readonly states: StateTable;
  readonly kernels: readonly PlannedKernel[];
  memory = { stateBytes: 0, workBytes: 0 };
  readonly #context: GpuContext;
  readonly #plan: Plan;
  #launches: readonly Launch[] = [];
  readonly #buffers: PlanBuffers;
  readonly #perSubmit: number;
  readonly #before: Copy[] = [];
  readonly #after: Copy[] = [];
  readonly #inputs: readonly NodeOf<"input">[];
  readonly #fed: readonly FedSlot[];
  readonly #graph: Graph;
  readonly #outputs: OutputSlots;
  readonly #ring: Ring;
  readonly #kept: Kept<Record<string, HostTensor>>;
  readonly #ids: readonly IdInput[];
  readonly #onDispose: () => void;
  #staging?: ReadBuffer;
  readonly #job: { readonly label: string; readonly flops: number };
  #disposed = false;

  private constructor(
    context: GpuContext,
    { label, graph, plan, states, perSubmit, ids, onDispose }: Compiled,
  ) {
    this.#context = context;
    this.#plan = plan;
    this.states = states;
    this.#perSubmit = perSubmit;
    this.#ids = ids;
    this.#onDispose = onDispose;
    this.#buffers = new PlanBuffers(context);
    this.#inputs = inputsOf(graph);
    this.#graph = graph;
    this.#fed = fedSlots(plan);
    this.#outputs = outputSlots(plan.outputs);
    const scalars = Object.entries(plan.outputs).filter(([, { storage }]) => storage.elements === 1);
    this.#ring = new Ring(context, this.#buffers, outputSlots(Object.fromEntries(scalars)));
    const decodeRun = (bytes: ArrayBuffer, start: number) => this.#decode(bytes, start);
    this.#kept = new Kept(context, this.#buffers, { outputs: this.#outputs, decode: decodeRun });
    const names = (bindings: readonly Binding[], writes: boolean) =>
      bindings.filter((b) => b.writes === writes).map((b) => b.storage.label);
    this.kernels = plan.kernels.map(({ name, workgroups, bindings, flops = 0, bytes = 0 }) => ({
      name,
      workgroups,
      reads: names(bindings, false),
      writes: names(bindings, true),
      flops,
      bytes,
    }));
    this.#job = {
      label: `a run of "${label}" (${this.kernels.length} kernels${largest(this.kernels)})`,
      flops: this.kernels.reduce((sum, k) => sum + k.flops, 0),
    };
  }

  static async create(
    context: GpuContext,
    compiled: Compiled,
    pipelines: readonly GPUComputePipeline[],
  ): Promise<DeviceProgram> {
    const program = new DeviceProgram(context, compiled);
    try {
      await program.#allocate();
      const { device } = context;
      program.#launches = await bindLaunches(device, compiled.plan, { buffers: program.#buffers, pipelines });
    } catch (error) {
      program.#buffers.destroy();
      throw error;
    }
    return program;
  }

  isOn(context: GpuContext): boolean {
    return this.#context === context;
  }

  async run(feeds: Tensors): Promise<Record<string, HostTensor>> {
    await this.#check();
    this.#feed(feeds);
    const total = this.#outputs.bytes;
    if (total > 0 && !this.#staging) this.#staging = await this.#buffers.readBuffer("outputs", total);
    const staging = this.#staging;
    this.#submit((encoder, when) => {
      if (staging) copyOutputs(encoder, when, this.#outputs, { buffers: this.#buffers, to: staging.target });
    });
    if (!staging) return {};
    const outputs = await this.#context.read(staging, total, (bytes) => this.#decode(bytes, 0));
    await this.#check();
    return outputs;
  }

  async queue(feeds: Tensors): Promise<void> {
    await this.#check();
    this.#feed(feeds);
    await this.#kept.makeRoom(this.#kept.pending > 0 && this.#context.watchdog.backlogMs > backlogMs);
    this.#submit((encoder, when) => this.#kept.encode(encoder, when));
    this.#kept.advance();
  }

  async collect(): Promise<Record<string, HostTensor>[]> {
    await this.#check();
    await this.#kept.fetch();
    await this.#check();
    return this.#kept.take();
  }

  async step(feeds: Tensors): Promise<void> {
    await this.#check();
    this.#feed(feeds);
    if (this.#isFull()) await this.#ring.fetch();
    this.#submit((encoder, when) => this.#ring.encode(encoder, when));
    this.#ring.advance();
  }

  /** What bounds the queue: the ring's size and the time that the queued work should take. */
  #isFull(): boolean {
    return this.#ring.isFull || (this.#ring.pending > 0 && this.#context.watchdog.backlogMs > backlogMs);
  }

  async drain(): Promise<Record<string, number>[]> {
    await this.#check();
    await this.#ring.fetch();
    await this.#check();
    return this.#ring.take();
  }

  async read(names?: readonly string[]): Promise<Record<string, HostTensor>> {
    await this.#check();
    const tensors = await this.states.read(this.#context, names);
    await this.#check();
    return tensors;
  }

  async write(tensors: Tensors): Promise<void> {
    await this.#check();
    this.states.write(this.#context, tensors);
  }

  async profile(feeds: Tensors): Promise<RunProfile> {
    await this.#check();
    if (this.#isFull()) await this.#ring.fetch();
    const phases: Phase[] = [];
    const phase = <T>(name: string, action: () => T): T => {
      const startMs = performance.now();
      const value = action();
      phases.push({ name, startMs, ms: performance.now() - startMs });
      return value;
    };
    phase("feed", () => this.#feed(feeds));
    const { device } = this.#context;
    const timed = device.features.has("timestamp-query") && this.#launches.length > 0;
    const clock = timed ? await createPassClock(this.#context, this.#launches.length) : undefined;
    try {
      phase("submit", () => this.#submit((encoder, when) => this.#ring.encode(encoder, when), clock));
      this.#ring.advance();
      const startMs = performance.now();
      const times = await clock?.read() ?? [];
      if (!clock) await this.#context.finish();
      phases.push({ name: "wait", startMs, ms: performance.now() - startMs });
      await this.#check();
      const kernels = times.map((time, i) => {
        const { name, flops, bytes } = this.kernels[i];
        return { name, ...time, flops, bytes };
      });
      return { kernels, phases };
    } finally {
      clock?.dispose();
    }
  }

  dispose(): Promise<void> {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#buffers.destroy();
      this.#onDispose();
    }
    return Promise.resolve();
  }

  async #check(): Promise<void> {
    if (this.#disposed) throw new BackendError("Cannot run: the program was disposed");
    const suspects = () =>
      this.#launches.map((l) => ({
        name: l.name,
        encode: (pass: GPUComputePassEncoder) => encodeLaunch(pass, l),
      }));
    await this.#context.verify(() => findCulprit(this.#context.device, suspects()));
  }

  /** A run's outputs, which begin at a byte. */
  #decode(bytes: ArrayBuffer, start: number): Record<string, HostTensor> {
    const parts = new Map(
      this.#outputs.slots.map(({ name, storage, offset }) => [
        name,
        decode(storage.dtype, storage.elements, bytes, start + offset),
      ]),
    );
    return Object.fromEntries(
      Object.entries(this.#graph.outputs).map(([name, { dtype, shape }]) => {
        const names = this.#plan.cutOutputs.get(name)?.parts;
        const data = names ? joined(dtype, names.map((part) => parts.get(part)!)) : parts.get(name)!;
        return [name, tensorOf({ dtype, shape: numeric(shape) }, data)];
      }),
    );
  }

  /** All inputs go to the device in one write. */
  #feed(feeds: Tensors): void {
    const checked = checkFeeds(this.#inputs, feeds);
    checkIds(this.#ids, checked);
    if (!this.#buffers.inputs) return;
    const { buffer, host } = this.#buffers.inputs;
    for (const { storage, input, begin } of this.#fed) {
      const { dtype, shape, data } = checked[input];
      const part = data.subarray(begin, begin + storage.elements);
      encode({ dtype, shape, data: part }, host, this.#buffers.of(storage).offset);
    }
    this.#context.device.queue.writeBuffer(buffer, 0, host);
  }

  /** With a clock, every kernel has a pass of its own. */
  #submit(
    copyOutputs: (encoder: GPUCommandEncoder, when: "before" | "after") => void,
    clock?: PassClock,
  ): void {
    const { device } = this.#context;
    let encoder = device.createCommandEncoder();
    const copy = ({ from, to, bytes }: Copy) =>
      encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
    this.#before.forEach(copy);
    copyOutputs(encoder, "before");
    const passOf = (i: number) => clock ? i : this.#launches[i]?.pass;
    let submitted = 0;
    for (let i = 0; i < this.#launches.length;) {
      const pass = encoder.beginComputePass(clock && { timestampWrites: clock.writes(i) });
      const number = passOf(i);
      for (; i < this.#launches.length && passOf(i) === number; i++) encodeLaunch(pass, this.#launches[i]);
      pass.end();
      if (i - submitted < this.#perSubmit || i === this.#launches.length) continue;
      this.#context.watchdog.submit(() => device.queue.submit([encoder.finish()]));
      encoder = device.createCommandEncoder();
      submitted = i;
    }
    copyOutputs(encoder, "after");
    this.#after.forEach(copy);
    clock?.resolve(encoder);
    const commands = encoder.finish();
    this.#context.watchdog.submit(() => device.queue.submit([commands]), this.#job);
  }

  async #allocate(): Promise<void> {
    await this.#buffers.allocate(this.#plan, this.states);
    await this.#ring.allocate();
    await this.#placeCopies();
    this.memory = { stateBytes: this.#buffers.stateBytes, workBytes: this.#buffers.workBytes };
  }

  async #placeCopies(): Promise<void> {
    for (const { from, to } of this.#plan.copies) {
      const source = this.#buffers.of(from.storage);
      const target = this.#buffers.of(to);
      // WebGPU copies nothing within one buffer, and states of one arena lie in one.
      if (!from.before && source.buffer !== target.buffer) {
        this.#after.push({ from: source, to: target, bytes: to.bytes });
        continue;
      }
      const kept = {
        buffer: await this.#buffers.buffer(`old ${from.storage.label}`, to.bytes, copyable),
        offset: 0,
      };
      (from.before ? this.#before : this.#after).push({ from: source, to: kept, bytes: to.bytes });
      this.#after.push({ from: kept, to: target, bytes: to.bytes });
    }
  }
}

/** The kernel with the most arithmetic, for messages. */
function largest(kernels: readonly PlannedKernel[]): string {
  if (kernels.length === 0) return "";
  return `, the largest ${kernels.reduce((most, k) => k.flops > most.flops ? k : most).name}`;
}
