import type { PlanLimits } from "../../../src/backend/gpu/plan/plan.ts";

/** WebGPU's default limits on a small device that is no CPU: what plans are made with where no device is needed. */
export const limits: PlanLimits = {
  maxBuffers: 8,
  maxWorkgroupBytes: 16384,
  maxBindingBytes: 2 ** 27,
  parallelism: 4,
  software: false,
};
