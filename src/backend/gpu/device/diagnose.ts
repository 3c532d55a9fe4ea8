/**
 * Which kernel an error came from. WebGPU reports errors of a submission without saying so.
 *
 * @module
 */

/** A kernel that can be run by itself. */
export interface Suspect {
  readonly name: string;
  readonly encode: (pass: GPUComputePassEncoder) => void;
}

/**
 * Runs kernels one by one until one fails again, and describes it. What the kernels compute is of no use after.
 *
 * @returns the kernel's name and the error, or `undefined` where each runs by itself
 */
export async function findCulprit(
  device: GPUDevice,
  suspects: readonly Suspect[],
): Promise<string | undefined> {
  for (const { name, encode } of suspects) {
    const filters = ["validation", "out-of-memory", "internal"] as const;
    filters.forEach((filter) => device.pushErrorScope(filter));
    const encoder = device.createCommandEncoder({ label: name });
    const pass = encoder.beginComputePass({ label: name });
    encode(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
    const errors = await Promise.all(filters.map(() => device.popErrorScope()));
    const error = errors.find((e) => e);
    if (error) return `kernel ${name}: ${error.message.trim().replaceAll(/\s*\n\s*/g, "; ")}`;
  }
  return undefined;
}
