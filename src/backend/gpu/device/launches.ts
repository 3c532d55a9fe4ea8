/**
 * The kernels of a plan, bound to their buffers and ready to be encoded.
 *
 * @module
 */
import { BackendError } from "../../interface.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanStorage } from "../plan/storages.ts";
import type { PlanBuffers } from "./buffers.ts";

/** One launch of a kernel. */
export interface Launch {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** What is bound only for the barrier's sake. */
  readonly touched?: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  readonly pass: number;
}

/**
 * Binds every kernel of a plan.
 *
 * @throws {BackendError} with what WebGPU says of a binding that it refuses.
 */
export async function bindLaunches(
  device: GPUDevice,
  plan: Plan,
  { buffers, pipelines }: { buffers: PlanBuffers; pipelines: readonly GPUComputePipeline[] },
): Promise<Launch[]> {
  const entryOf = (storage: PlanStorage, binding: number): GPUBindGroupEntry => {
    const { buffer, offset } = buffers.of(storage);
    return { binding, resource: { buffer, offset, size: storage.bytes } };
  };
  device.pushErrorScope("validation");
  const launches = plan.kernels.map(({ name, bindings, workgroups }, i): Launch => {
    const pipeline = pipelines[i];
    const bind = (group: number, storages: readonly PlanStorage[]) =>
      device.createBindGroup({
        label: name,
        layout: pipeline.getBindGroupLayout(group),
        entries: storages.map(entryOf),
      });
    const touches = plan.touches[i];
    return {
      name,
      pipeline,
      bindGroup: bind(0, bindings.map(({ storage }) => storage as PlanStorage)),
      touched: touches.length === 0 ? undefined : bind(1, touches),
      workgroups,
      pass: plan.passes[i],
    };
  });
  const error = await device.popErrorScope();
  if (!error) return launches;
  throw new BackendError(`Cannot bind kernels: ${error.message.trim().replaceAll(/\s*\n\s*/g, "; ")}`);
}

/** Encodes a launch into a compute pass. */
export function encodeLaunch(
  pass: GPUComputePassEncoder,
  { pipeline, bindGroup, touched, workgroups }: Launch,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  if (touched) pass.setBindGroup(1, touched);
  pass.dispatchWorkgroups(...workgroups);
}
