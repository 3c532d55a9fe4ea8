/**
 * A cut graph run on the interpreter as if it were whole.
 *
 * @module
 */
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import type { Tensors } from "../../../../src/backend/interface.ts";
import type { CutGraph, CutTensor } from "../../../../src/backend/gpu/split/split.ts";
import { allocate } from "../../../../src/graph/dtype.ts";
import type { Graph, HostTensor } from "../../../../src/graph/graph.ts";

/** What a graph gives, and its states afterwards. */
export interface RunResult {
  readonly outputs: Tensors;
  readonly states: Tensors;
}

/** Runs a graph once. */
export async function runWhole(graph: Graph, feeds: Tensors, states: Tensors): Promise<RunResult> {
  const program = await createInterpBackend().compile(graph);
  await program.write(states);
  return { outputs: await program.run(feeds), states: await program.read() };
}

/** Runs a cut graph once: what goes in is cut, what comes out is joined. */
export async function runCut(cut: CutGraph, feeds: Tensors, states: Tensors): Promise<RunResult> {
  const shapes = new Map(cut.graph.nodes.map((n) => [n.name, n.shape as number[]]));
  const sizes = new Map(Object.entries(cut.graph.outputs).map(([name, n]) => [name, n.shape as number[]]));
  const result = await runWhole(
    cut.graph,
    apart(feeds, cut.inputs, shapes),
    apart(states, cut.states, shapes),
  );
  return { outputs: together(result.outputs, cut.outputs), states: together(result.states, cut.states) };

  function apart(
    tensors: Tensors,
    cuts: ReadonlyMap<string, CutTensor>,
    shapeOf: ReadonlyMap<string | undefined, number[]>,
  ): Tensors {
    return Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]): [string, HostTensor][] => {
        let at = 0;
        return cuts.get(name)?.parts.map((part) => {
          const shape = shapeOf.get(part) ?? sizes.get(part)!;
          const size = shape.reduce((a, d) => a * d, 1);
          at += size;
          return [part, { dtype: tensor.dtype, shape, data: tensor.data.subarray(at - size, at) }];
        }) ?? [[name, tensor]];
      }),
    );
  }

  function together(tensors: Tensors, cuts: ReadonlyMap<string, CutTensor>): Tensors {
    const parts = new Set([...cuts.values()].flatMap((c) => c.parts));
    const rest = Object.entries(tensors).filter(([name]) => !parts.has(name));
    const joined = [...cuts].map(([name, { dtype, shape, parts }]): [string, HostTensor] => {
      const data = allocate(dtype, shape.reduce((a, d) => a * d, 1));
      let at = 0;
      for (const part of parts) {
        data.set(tensors[part].data as never, at);
        at += tensors[part].data.length;
      }
      return [name, { dtype, shape, data }];
    });
    return Object.fromEntries([...rest, ...joined]);
  }
}
