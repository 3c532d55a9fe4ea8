/**
 * Graphs put together at random, to try what no table thinks of: any op after any other, values read many times, states
 * that feed each other.
 *
 * @module
 */
import {
  createBuilder,
  type Graph,
  type HostTensor,
  hostTensor,
  type Node,
  ShapeError,
} from "../../../src/graph/graph.ts";

/** A graph and what it runs on. */
export interface RandomProgram {
  readonly graph: Graph;
  readonly feeds: Record<string, HostTensor>;
  readonly states: Record<string, HostTensor>;
}

const shapes = [[1, 1], [4, 8], [3, 5], [8, 4], [16, 12], [1, 8], [7, 1], [2, 3, 4], [2, 4, 8], [4, 1, 3], [
  33,
  20,
]];
const maxElements = 20_000;

/** The same graph for the same seed. */
export function randomProgram(seed: number): RandomProgram {
  let word = Math.imul(seed, 2654435761) >>> 0;
  const random = (n: number) => {
    word = (word ^ (word << 13)) >>> 0;
    word = (word ^ (word >>> 17)) >>> 0;
    word = (word ^ (word << 5)) >>> 0;
    return word % n;
  };
  const b = createBuilder();
  const feeds: Record<string, HostTensor> = {};
  const states: Record<string, HostTensor> = {};
  const pool: Node[] = [];
  const values = (shape: readonly number[]) =>
    hostTensor("f32", shape, Array.from({ length: size(shape) }, () => random(1000) / 500 - 1));
  const indices = (count: number, below: number): Node => {
    const name = `indices${Object.keys(feeds).length}`;
    feeds[name] = hostTensor("i32", [count], Array.from({ length: count }, () => random(below)));
    return b.input(name, "i32", [count]);
  };
  const key = b.state("key", "u32", [], { role: "counter" });
  b.update(key, b.add(key, 7));
  for (let i = 0; i < 3; i++) {
    const [fed, kept] = [shapes[random(shapes.length)], shapes[random(shapes.length)]];
    pool.push(b.input(`x${i}`, "f32", fed), b.state(`s${i}`, "f32", kept, { role: "cache" }));
    feeds[`x${i}`] = values(fed);
    states[`s${i}`] = values(kept);
  }
  const leaves = [...pool];
  const pick = () => pool[random(pool.length)];

  const grow = (): Node => {
    const x = pick();
    const shape = x.shape as number[];
    const axis = random(Math.max(1, shape.length));
    const swap = shape.map((_, i) => i < shape.length - 2 ? i : 2 * shape.length - 3 - i);
    const options: (() => Node)[] = [
      () => b.tanh(x),
      () => b.add(x, pick()),
      () => b.mul(x, pick()),
      () => b.sub(x, 0.5),
      () => b.transpose(x, shape.map((_, i) => i).reverse()),
      () => b.mul(b.sum(x, [axis], { keepDims: random(2) === 0 }), 0.2),
      () => b.tanh(b.sum(x, shape.map((_, i) => i).filter(() => random(2) === 0))),
      () => b.max(x, [axis]),
      () => b.softmax(x),
      () =>
        b.layerNorm(
          x,
          b.broadcast(b.scalar(0.5), [shape.at(-1)!]),
          b.broadcast(b.scalar(0.1), [shape.at(-1)!]),
          0.1,
        ),
      () => b.reshape(x, [size(shape)]),
      () => b.reshape(b.transpose(x, swap), [size(shape) / 2, 2]),
      () => {
        const start = random(shape[axis]);
        return b.slice(x, axis, start, 1 + random(shape[axis] - start));
      },
      () => b.pad(x, axis, random(4), shape[axis] + 3 + random(2)),
      () => b.concat([x, x, b.tanh(x)], axis),
      () => b.where(b.less(x, 0.1), x, b.neg(x)),
      () => b.tanh(b.matmul(x, b.transpose(x, swap))),
      () => b.tanh(b.matmul(x, pick(), { transA: random(2) === 0, transB: random(2) === 0 })),
      () => b.mul(x, b.cast(b.less(b.random(key, shape), 0x80000000), "f32")),
      () => b.gather(x, indices(5, shape[0])),
      () => b.scatterAdd(indices(shape[0], 6), x, 6),
      () => b.broadcast(x, [2, ...shape]),
      () => b.tanh(b.add(b.mul(x, b.cast(b.iota(shape, axis), "f32")), 1)),
    ];
    return options[random(options.length)]();
  };
  for (let left = 10 + random(40); left > 0; left--) {
    try {
      const node = grow();
      if (size(node.shape as number[]) > maxElements || node.shape.some((d) => !Number.isInteger(d))) {
        continue;
      }
      pool.push(node, node);
    } catch (error) {
      // What does not fit is not tried; anything else is wrong.
      if (!(error instanceof ShapeError || error instanceof RangeError)) throw error;
    }
  }
  [...new Set(pool.slice(-6))].forEach((node, i) => b.output(`o${i}`, node));
  for (const state of leaves.filter((n) => n.op === "state")) {
    const fitting = pool.filter((n) => n.shape.join() === state.shape.join());
    b.update(state, fitting[random(fitting.length)]);
  }
  return { graph: b.graph(), feeds, states };
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, d) => a * d, 1);
}
