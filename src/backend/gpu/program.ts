/**
 * A plan on the device: every pipeline, buffer and bind group is made once, and a run replays a few compute passes.
 *
 * @module
 */
import { debugPrint } from "../../graph/debug.ts";
import type { HostTensor } from "../../graph/dtype.ts";
import { type Graph, inputsOf } from "../../graph/node.ts";
import { bindGraph } from "../../graph/passes/bind.ts";
import { expand } from "../../graph/passes/expand.ts";
import { optimize } from "../../graph/passes/optimize.ts";
import { numeric } from "../../graph/shape.ts";
import { checkFeeds, checkStates } from "../feeds.ts";
import {
  BackendError,
  type CompileOptions,
  type Phase,
  type Program,
  type RunProfile,
  type Tensors,
} from "../interface.ts";
import type { GpuContext } from "./device.ts";
import { findCulprit } from "./diagnose.ts";
import { decode, encode } from "./host.ts";
import { copyable, type Place, Places, readback } from "./places.ts";
import type { Binding } from "./kernels/writer.ts";
import { hasKernel, makePlan, type Plan, type PlanLimits, type PlanStorage, printPlan } from "./plan.ts";
import { StateTable, tensorOf } from "./states.ts";
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
  /** The kernels of one run, in order: a run is one compute pass over these. */
  readonly kernels: readonly PlannedKernel[];
  /** As `Program.profile`; kernels have times where the adapter has `timestamp-query`. */
  profile(feeds: Tensors): Promise<RunProfile>;
}

/** Steps whose scalars the device keeps; more are fetched on the way. */
const ringSteps = 256;
/** Work that may be queued before a step waits for the device, by what it should take. */
const backlogMs = 4000;

interface Launch {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** What is bound only for the barrier's sake. */
  readonly touched?: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  readonly pass: number;
}

interface Copy {
  readonly from: Place;
  readonly to: Place;
  readonly bytes: number;
}

/** An output and where it lies among the others. */
interface OutputSlot {
  readonly name: string;
  readonly node: { readonly dtype: HostTensor["dtype"]; readonly shape: readonly number[] };
  readonly storage: PlanStorage;
  readonly before: boolean;
  readonly offset: number;
}

/** Compiles a graph for an open device. */
export async function compileProgram(
  context: GpuContext,
  source: Graph,
  options: CompileOptions & { limits: PlanLimits },
): Promise<GpuProgram> {
  context.check();
  if (options.share && !(options.share instanceof DeviceProgram && options.share.isOn(context))) {
    throw new BackendError("Cannot share states with a program of another backend");
  }
  const graph = optimize(expand(bindGraph(source, options.bindings), (n) => hasKernel(n, options.limits)));
  const states = options.share ? (options.share as DeviceProgram).states : new StateTable();
  const plan = makePlan(graph, options.limits, { known: (state) => states.placeOf(state) });
  debugPrint(3, `plan of ${options.label ?? "program"}`, () => printPlan(plan));
  for (const { name, wgsl } of plan.kernels) debugPrint(4, name, () => wgsl);
  const pipelines = Promise.all(
    plan.kernels.map((k, i) =>
      context.pipeline(k.name, k.wgsl, {
        writes: k.bindings.map((b) => b.writes || b.shared === true),
        touched: plan.touches[i].length,
      })
    ),
  );
  states.retain();
  try {
    const label = options.label ?? "program";
    return await DeviceProgram.create(context, { label, graph, plan, states }, await pipelines);
  } catch (error) {
    states.release();
    throw error;
  }
}

interface Compiled {
  readonly label: string;
  readonly graph: Graph;
  readonly plan: Plan;
  readonly states: StateTable;
}

class DeviceProgram implements GpuProgram {
  readonly states: StateTable;
  readonly kernels: readonly PlannedKernel[];
  memory = { stateBytes: 0, workBytes: 0 };
  readonly #context: GpuContext;
  readonly #graph: Graph;
  readonly #plan: Plan;
  readonly #launches: Launch[] = [];
  readonly #places: Places;
  readonly #before: Copy[] = [];
  readonly #after: Copy[] = [];
  #outputs: OutputSlot[] = [];
  #scalars: OutputSlot[] = [];
  #staging?: GPUBuffer;
  #ring?: { buffer: GPUBuffer; staging: GPUBuffer; stride: number };
  #pending = 0;
  #records: Record<string, number>[] = [];
  #disposed = false;

  readonly #work: { readonly label: string; readonly flops: number };

  private constructor(context: GpuContext, { label, graph, plan, states }: Compiled) {
    this.#context = context;
    this.#graph = graph;
    this.#plan = plan;
    this.states = states;
    this.#places = new Places(context);
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
    this.#work = {
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
      await program.#bind(pipelines);
    } catch (error) {
      program.#places.destroy();
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
    const total = this.#outputs.reduce((sum, o) => Math.max(sum, o.offset + o.storage.bytes), 0);
    if (total > 0 && !this.#staging) this.#staging = await this.#places.buffer("outputs", total, readback);
    const staging = this.#staging;
    const copies = this.#outputs.map((o) => this.#copyOf(o, staging!, o.offset));
    this.#submit(copies);
    if (!staging) return {};
    const bytes = await this.#map(staging, total);
    return Object.fromEntries(this.#outputs.map(({ name, node, storage, offset }) => [
      name,
      tensorOf(node, decode(storage.dtype, storage.elements, bytes, offset)),
    ]));
  }

  async step(feeds: Tensors): Promise<void> {
    await this.#check();
    this.#feed(feeds);
    if (this.#isFull()) await this.#fetch();
    this.#submit(this.#ringCopies());
    this.#pending++;
  }

  /** What bounds the queue: the ring's size and the time that the queued work should take. */
  #isFull(): boolean {
    return this.#pending === ringSteps ||
      (this.#pending > 0 && this.#context.watchdog.backlogMs > backlogMs);
  }

  #ringCopies(): (Copy & { before: boolean })[] {
    const ring = this.#ring;
    if (!ring) return [];
    const start = this.#pending * ring.stride;
    return this.#scalars.map((o) => this.#copyOf(o, ring.buffer, start + o.offset));
  }

  async drain(): Promise<Record<string, number>[]> {
    await this.#check();
    await this.#fetch();
    return this.#records.splice(0);
  }

  async read(names?: readonly string[]): Promise<Record<string, HostTensor>> {
    await this.#check();
    const cells = this.states.pick(names);
    const total = cells.reduce((sum, [, c]) => sum + c.bytes, 0);
    if (total === 0) return {};
    const { device } = this.#context;
    const staging = await this.#context.allocate(
      `${total} bytes to read states`,
      () => device.createBuffer({ label: "states", size: total, usage: readback }),
    );
    try {
      const encoder = device.createCommandEncoder();
      const offsets: number[] = [];
      let at = 0;
      for (const [, cell] of cells) {
        encoder.copyBufferToBuffer(cell.buffer, cell.offset, staging, at, cell.bytes);
        offsets.push(at);
        at += cell.bytes;
      }
      this.#context.watchdog.submit(() => device.queue.submit([encoder.finish()]));
      const bytes = await this.#map(staging, total);
      return Object.fromEntries(
        cells.map((
          [name, cell],
          i,
        ) => [name, tensorOf(cell, decode(cell.dtype, cell.elements, bytes, offsets[i]))]),
      );
    } finally {
      staging.destroy();
    }
  }

  async write(tensors: Tensors): Promise<void> {
    await this.#check();
    checkStates(this.states.cells, tensors);
    for (const [name, tensor] of Object.entries(tensors)) {
      const cell = this.states.cells.get(name)!;
      const bytes = new Uint8Array(cell.bytes);
      encode(tensor, bytes, 0);
      this.#context.device.queue.writeBuffer(cell.buffer, cell.offset, bytes);
    }
  }

  async profile(feeds: Tensors): Promise<RunProfile> {
    await this.#check();
    if (this.#isFull()) await this.#fetch();
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
    const clock = timed ? createPassClock(device, this.#launches.length) : undefined;
    try {
      phase("submit", () => this.#submit(this.#ringCopies(), clock));
      this.#pending++;
      const startMs = performance.now();
      const times = await clock?.read((buffer, bytes) => this.#context.map(buffer, bytes)) ?? [];
      if (!clock) await this.#context.watchdog.wait(() => device.queue.onSubmittedWorkDone());
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
      this.#places.destroy();
      this.states.release();
    }
    return Promise.resolve();
  }

  async #check(): Promise<void> {
    if (this.#disposed) throw new BackendError("Cannot run: the program was disposed");
    const suspects = () =>
      this.#launches.map((l) => ({ name: l.name, encode: (p: Pass) => encodeLaunch(p, l) }));
    await this.#context.verify(() => findCulprit(this.#context.device, suspects()));
  }

  /** All inputs go to the device in one write. */
  #feed(feeds: Tensors): void {
    const checked = checkFeeds(inputsOf(this.#graph), feeds);
    if (!this.#places.inputs) return;
    const { buffer, host } = this.#places.inputs;
    for (const storage of this.#plan.storages) {
      if (storage.kind === "input") {
        encode(checked[storage.node!.name!], host, this.#places.of(storage).offset);
      }
    }
    this.#context.device.queue.writeBuffer(buffer, 0, host);
  }

  /** With a clock, every kernel has a pass of its own. */
  #submit(copies: readonly (Copy & { before: boolean })[], clock?: PassClock): void {
    const { device } = this.#context;
    const encoder = device.createCommandEncoder();
    const copy = ({ from, to, bytes }: Copy) =>
      encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
    this.#before.forEach(copy);
    copies.filter((c) => c.before).forEach(copy);
    const passOf = (i: number) => clock ? i : this.#launches[i]?.pass;
    for (let i = 0; i < this.#launches.length;) {
      const pass = encoder.beginComputePass(clock && { timestampWrites: clock.writes(i) });
      const number = passOf(i);
      for (; i < this.#launches.length && passOf(i) === number; i++) encodeLaunch(pass, this.#launches[i]);
      pass.end();
    }
    copies.filter((c) => !c.before).forEach(copy);
    this.#after.forEach(copy);
    clock?.resolve(encoder);
    const commands = encoder.finish();
    this.#context.watchdog.submit(() => device.queue.submit([commands]), this.#work);
  }

  #copyOf(o: OutputSlot, buffer: GPUBuffer, offset: number): Copy & { before: boolean } {
    return {
      from: this.#places.of(o.storage),
      to: { buffer, offset },
      bytes: o.storage.bytes,
      before: o.before,
    };
  }

  /** Moves the ring's contents to the host. */
  async #fetch(): Promise<void> {
    const steps = this.#pending;
    this.#pending = 0;
    if (steps === 0) return;
    if (!this.#ring) {
      for (let i = 0; i < steps; i++) this.#records.push({});
      return;
    }
    const { buffer, staging, stride } = this.#ring;
    const { device } = this.#context;
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, steps * stride);
    this.#context.watchdog.submit(() => device.queue.submit([encoder.finish()]));
    const bytes = await this.#map(staging, steps * stride);
    for (let i = 0; i < steps; i++) {
      this.#records.push(Object.fromEntries(this.#scalars.map(({ name, storage, offset }) => [
        name,
        Number(decode(storage.dtype, 1, bytes, i * stride + offset)[0]),
      ])));
    }
  }

  async #map(staging: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    await this.#context.map(staging, bytes);
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    await this.#check();
    return copy;
  }

  async #allocate(): Promise<void> {
    await this.#places.allocate(this.#plan, this.states);
    await this.#placeOutputs();
    await this.#placeCopies();
    this.memory = { stateBytes: this.#places.stateBytes, workBytes: this.#places.workBytes };
  }

  async #placeOutputs(): Promise<void> {
    const place = (names: readonly string[]) => {
      let offset = 0;
      return names.map((name): OutputSlot => {
        const node = this.#graph.outputs[name];
        const { storage, before } = this.#plan.outputs[name];
        const slot = {
          name,
          node: { dtype: node.dtype, shape: numeric(node.shape) },
          storage,
          before,
          offset,
        };
        offset += storage.bytes;
        return slot;
      });
    };
    const names = Object.keys(this.#plan.outputs);
    this.#outputs = place(names);
    this.#scalars = place(names.filter((n) => this.#plan.outputs[n].storage.elements === 1));
    const stride = this.#scalars.reduce((sum, s) => sum + s.storage.bytes, 0);
    if (stride === 0) return;
    this.#ring = {
      buffer: await this.#places.buffer("ring", stride * ringSteps, copyable),
      staging: await this.#places.buffer("ring to read", stride * ringSteps, readback),
      stride,
    };
  }

  async #placeCopies(): Promise<void> {
    for (const { from, to } of this.#plan.copies) {
      const source = this.#places.of(from.storage);
      const target = this.#places.of(to);
      if (!from.before) {
        this.#after.push({ from: source, to: target, bytes: to.bytes });
        continue;
      }
      const kept = {
        buffer: await this.#places.buffer(`old ${from.storage.label}`, to.bytes, copyable),
        offset: 0,
      };
      this.#before.push({ from: source, to: kept, bytes: to.bytes });
      this.#after.push({ from: kept, to: target, bytes: to.bytes });
    }
  }

  async #bind(pipelines: readonly GPUComputePipeline[]): Promise<void> {
    const { device } = this.#context;
    device.pushErrorScope("validation");
    this.#plan.kernels.forEach(({ name, bindings, workgroups }, i) => {
      const entryOf = (storage: PlanStorage, binding: number): GPUBindGroupEntry => {
        const { buffer, offset } = this.#places.of(storage);
        return { binding, resource: { buffer, offset, size: storage.bytes } };
      };
      const entries = bindings.map(({ storage }, binding) => entryOf(storage as PlanStorage, binding));
      const pipeline = pipelines[i];
      const layout = pipeline.getBindGroupLayout(0);
      const touches = this.#plan.touches[i];
      this.#launches.push({
        name,
        pipeline,
        bindGroup: device.createBindGroup({ label: name, layout, entries }),
        touched: touches.length === 0 ? undefined : device.createBindGroup({
          label: name,
          layout: pipeline.getBindGroupLayout(1),
          entries: touches.map(entryOf),
        }),
        workgroups,
        pass: this.#plan.passes[i],
      });
    });
    const error = await device.popErrorScope();
    if (error) {
      throw new BackendError(`Cannot bind kernels: ${error.message.trim().replaceAll(/\s*\n\s*/g, "; ")}`);
    }
  }
}

type Pass = GPUComputePassEncoder;

/** The kernel with the most arithmetic, for messages. */
function largest(kernels: readonly PlannedKernel[]): string {
  if (kernels.length === 0) return "";
  return `, the largest ${kernels.reduce((most, k) => k.flops > most.flops ? k : most).name}`;
}

function encodeLaunch(
  pass: GPUComputePassEncoder,
  { pipeline, bindGroup, touched, workgroups }: Launch,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  if (touched) pass.setBindGroup(1, touched);
  pass.dispatchWorkgroups(...workgroups);
}
