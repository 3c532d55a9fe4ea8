/**
 * Loads a model for WebGPU with ONNX Runtime's most talkative log, which alone says where each node is placed and goes
 * straight to standard error: hence a process of its own.
 *
 * @module
 */
import * as ort from "onnxruntime-web/webgpu";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "verbose";
await ort.InferenceSession.create(await Deno.readFile(Deno.args[0]), {
  executionProviders: ["webgpu"],
  graphOptimizationLevel: "all",
  logSeverityLevel: 0,
  logVerbosityLevel: 1,
});
Deno.exit(0);
