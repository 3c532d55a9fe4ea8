import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import type { Tensors } from "../../src/backend/interface.ts";
import { type Bindings, type Builder, createBuilder, type HostTensor } from "../../src/graph/graph.ts";
import { initialStates } from "../../src/nn/init.ts";

/** Builds a graph and runs it once on the interpreter. */
export async function runOnce(
  build: (b: Builder) => void,
  options: { feeds?: Tensors; states?: Tensors; bindings?: Bindings; seed?: number } = {},
): Promise<Record<string, HostTensor>> {
  const b = createBuilder();
  build(b);
  const program = await createInterpBackend().compile(b.graph(), { bindings: options.bindings });
  await program.write({ ...initialStates(b.graph(), options.seed ?? 0), ...options.states });
  return await program.run(options.feeds ?? {});
}
