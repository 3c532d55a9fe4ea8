/**
 * Halving the edges of a bipartite graph evenly, for who is shown on which side.
 *
 * @module
 */
import { shuffled } from "./blocks.ts";

/**
 * Splits the edges of a bipartite graph (left node, right node) in two so that at every node the halves differ by at most one.
 *
 * Odd nodes are joined to a helper on the other side, which makes all degrees even; walking closed trails until no edge is
 * left, an edge is true where it is walked from right to left. A trail leaves each node as often as it enters it.
 */
export function balancedSides(
  edges: readonly (readonly [number, number])[],
  left: number,
  right: number,
  random: () => number,
): boolean[] {
  const nodes = left + right + 2, leftHelper = left + right, rightHelper = leftHelper + 1;
  const from: number[] = [], to: number[] = [];
  const degree = new Uint32Array(nodes);
  const join = (a: number, b: number) => {
    from.push(a);
    to.push(b);
    degree[a]++;
    degree[b]++;
  };
  for (const [a, b] of edges) join(a, left + b);
  for (let a = 0; a < left; a++) if (degree[a] % 2 === 1) join(a, rightHelper);
  for (let b = left; b < left + right; b++) if (degree[b] % 2 === 1) join(leftHelper, b);
  if (degree[leftHelper] % 2 === 1) join(leftHelper, rightHelper);

  const start = new Uint32Array(nodes + 1);
  for (let v = 0; v < nodes; v++) start[v + 1] = start[v] + degree[v];
  const at = start.slice(0, nodes), end = start.slice(0, nodes);
  const incident = new Uint32Array(2 * from.length);
  for (const e of shuffled(from.length, random)) {
    incident[end[from[e]]++] = e;
    incident[end[to[e]]++] = e;
  }
  const walked = new Uint8Array(from.length), out = new Array<boolean>(edges.length);
  for (const root of shuffled(nodes, random)) {
    let node = root;
    for (;;) {
      while (at[node] < end[node] && walked[incident[at[node]]]) at[node]++;
      if (at[node] === end[node]) break; // back at a root without edges: the next root
      const e = incident[at[node]];
      walked[e] = 1;
      const backward = node === to[e];
      if (e < edges.length) out[e] = backward;
      node = backward ? from[e] : to[e];
    }
  }
  return out;
}
