/**
 * Shows whether a change changes plans: `deno run -A bench/gpu_plans.ts FILE` writes a hash of each kernel of BERT's steps,
 * forward passes and of the cases of all ops; where FILE is there already, it prints what has become different. No GPU is
 * needed.
 *
 * @module
 */
import { makePlan, type PlanLimits, printPlan } from "../src/backend/gpu/plan/plan.ts";
import { wgslOf } from "../src/backend/gpu/kernels/writer.ts";
import { hasKernel } from "../src/backend/gpu/rules/rules.ts";
import { h100 } from "../src/backend/gpu/tuning/h100.ts";
import { tuningOf } from "../src/backend/gpu/tuning/tuning.ts";
import type { Graph } from "../src/graph/graph.ts";
import type { OpName } from "../src/graph/node.ts";
import { bindGraph } from "../src/graph/passes/bind.ts";
import { expand } from "../src/graph/passes/expand.ts";
import { optimize } from "../src/graph/passes/optimize.ts";
import { caseGraph, opCases } from "../tests/graph/op_cases.ts";
import { benchConfig, bertForward, bertStep } from "./bert.ts";
import cases from "./gpu_cases.json" with { type: "json" };

const large = { maxBuffers: 16, maxWorkgroupBytes: 49152, maxBindingBytes: 2 ** 31, software: false };
const devices: Record<string, PlanLimits> = {
  h100: { ...large, parallelism: 132, tuning: tuningOf(h100) },
  small: {
    maxBuffers: 8,
    maxWorkgroupBytes: 16384,
    maxBindingBytes: 2 ** 27,
    parallelism: 1,
    software: false,
  },
  cutting: { ...large, parallelism: 132, maxBindingBytes: 2048 },
};

const [file] = Deno.args;
if (!file) throw new Error("name the file of the hashes");
const found: Record<string, string[]> = {};
for (const [device, limits] of Object.entries(devices)) {
  for (const op of Object.keys(opCases) as OpName[]) {
    for (const c of opCases[op]) found[`${device}: ${op} (${c.name})`] = await hashes(caseGraph(c), limits);
  }
  if (device === "cutting") continue;
  for (const model of ["2/128", "6/384"]) {
    const config = benchConfig(model);
    const steps = {
      step: bertStep(config),
      "f16 step": bertStep(config, { precision: "f16" }),
      forward: bertForward(config),
    };
    for (const [what, graph] of Object.entries(steps)) {
      found[`${device}: ${what} of ${model}`] = await hashes(graph, limits, cases.training);
    }
  }
}
const before = await Deno.readTextFile(file).then(JSON.parse).catch(() => undefined);
if (before) {
  const changed = Object.keys({ ...before, ...found }).filter((k) => `${before[k]}` !== `${found[k]}`);
  console.log([...changed, `${changed.length} of ${Object.keys(found).length} plans differ`].join("\n"));
} else await Deno.writeTextFile(file, JSON.stringify(found, null, 1));

/** One hash for the plan and one for each kernel, or why there is none. */
async function hashes(
  source: Graph,
  limits: PlanLimits,
  bindings: Record<string, number> = {},
): Promise<string[]> {
  try {
    const graph = optimize(expand(bindGraph(source, bindings), (node) => hasKernel(node, limits)));
    const plan = makePlan(graph, limits);
    return await Promise.all([
      printPlan(plan),
      ...plan.kernels.map((k) => JSON.stringify([k.name, wgslOf(k), k.flops, k.bytes])),
    ].map(hash));
  } catch (error) {
    return [(error as Error).message];
  }
}

async function hash(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes.slice(0, 8)).toHex();
}
