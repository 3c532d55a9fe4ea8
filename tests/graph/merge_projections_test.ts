import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { createBuilder, gradients, type Graph, type HostTensor, hostTensor } from "../../src/graph/graph.ts";
import { expand } from "../../src/graph/passes/expand.ts";
import { mergeProjections } from "../../src/graph/passes/merge_projections.ts";
import { mixedPrecision } from "../../src/graph/passes/mixed_precision.ts";
import { optimize } from "../../src/graph/passes/optimize.ts";
import { specOf } from "../../src/graph/table.ts";
import { attention } from "../../src/nn/attention.ts";
import { initialStates } from "../../src/nn/init.ts";

const size = 16;
const kept = (graph: Graph) => optimize(expand(graph, (n) => specOf(n)?.attends === true));
const count = (graph: Graph, op: string) => graph.nodes.filter((n) => n.op === op).length;

/** The gradients of all weights and of x after one attention of x, or of its first token, to x. */
function attended(options: { queries: number; tokens: number }): Graph {
  const { queries, tokens } = options;
  const b = createBuilder();
  const x = b.input("x", "f32", [2, tokens, size]);
  const y = attention(b, queries === tokens ? x : b.slice(x, 1, 0, queries), {
    names: { query: "query", key: "key", value: "value", output: "output" },
    size,
    heads: 2,
    memory: x,
    dropout: { rate: 0.2, key: b.state("rng", "u32", [], { role: "counter" }) },
    init: { kind: "normal", std: 0.5 },
  });
  const states = b.nodes.filter((n) => n.op === "state" && n.attrs.trainable);
  const grads = gradients(b, b.sum(b.square(b.add(y, b.slice(x, 1, 0, queries)))), [x, ...states]);
  grads.forEach((g, i) => b.output(`d${i}`, g));
  b.output("y", y);
  return b.graph();
}

async function run(graph: Graph): Promise<Record<string, HostTensor>> {
  const program = await createInterpBackend().compile(graph);
  const bias = hostTensor("f32", [size], Array.from({ length: size }, (_, i) => Math.sin(i)));
  await program.write({
    ...initialStates(graph, 3),
    "query.bias": bias,
    "key.bias": bias,
    "value.bias": bias,
  });
  const tokens = (graph.nodes.find((n) => n.name === "x")!.shape as number[])[1];
  const values = Array.from({ length: 2 * tokens * size }, (_, i) => Math.cos(3 * i));
  return await program.run({ x: hostTensor("f32", [2, tokens, size], values) });
}

for (
  const [name, options, products, precision] of [
    ["of a tensor to itself are one product", { queries: 5, tokens: 5 }, [12, 6], "f32"],
    ["of one token to all are two products", { queries: 1, tokens: 5 }, [12, 9], "f32"],
    ["of a tensor to itself are one product", { queries: 5, tokens: 5 }, [12, 6], "f16"],
    ["of one token to all are two products", { queries: 1, tokens: 5 }, [12, 9], "f16"],
  ] as const
) {
  Deno.test(`the projections of attention ${name} in ${precision}, forward and backward, with the same results`, async () => {
    const graph = attended(options);
    const plain = kept(precision === "f16" ? mixedPrecision(graph) : graph);
    const merged = mergeProjections(plain, { unit: 4 });
    assert.deepEqual([count(plain, "matmul"), count(merged, "matmul")], products);
    assert.equal(count(merged, "attention_grad_packed"), 1);
    const [want, got] = [await run(plain), await run(merged)];
    for (const [output, tensor] of Object.entries(want)) {
      const scale = Math.max(...Array.from(tensor.data, Math.abs));
      tensor.data.forEach((value, i) => {
        assert.ok(Math.abs(got[output].data[i] - value) <= 1e-5 * scale, `${output}[${i}]`);
      });
    }
  });
}

Deno.test("weights that could not lie side by side are left apart", () => {
  const plain = kept(attended({ queries: 5, tokens: 5 }));
  assert.equal(mergeProjections(plain, { unit: 64 }), plain);
});
