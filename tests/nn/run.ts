import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import type { Tensors } from "../../src/backend/interface.ts";
import {
  type Bindings,
  type Builder,
  createBuilder,
  type Graph,
  type HostTensor,
} from "../../src/graph/graph.ts";
import { initialStates } from "../../src/nn/init.ts";

/** Runs a graph, or what is built, once on the interpreter. */
export async function runOnce(
  build: Graph | ((b: Builder) => void),
  options: { feeds?: Tensors; states?: Tensors; bindings?: Bindings; seed?: number } = {},
): Promise<Record<string, HostTensor>> {
  const b = createBuilder();
  if (typeof build === "function") build(b);
  const graph = typeof build === "function" ? b.graph() : build;
  const program = await createInterpBackend().compile(graph, { bindings: options.bindings });
  await program.write({ ...initialStates(graph, options.seed ?? 0), ...options.states });
  return await program.run(options.feeds ?? {});
}
