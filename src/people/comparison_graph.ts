/**
 * Connected parts of the graph of who was compared with whom.
 *
 * @module
 */

/** Numbers the connected parts of an undirected graph; result[i] is the part of node i, parts in order of first nodes. */
export function components(nodes: number, edges: readonly (readonly [number, number])[]): number[] {
  const both = edges.flatMap(([a, b]) => [[a, b], [b, a]] as const);
  return strongComponents(nodes, both);
}

/** Numbers the strongly connected parts of a directed graph (Tarjan 1972, without recursion), in order of first nodes. */
export function strongComponents(nodes: number, edges: readonly (readonly [number, number])[]): number[] {
  const out: number[][] = Array.from({ length: nodes }, () => []);
  for (const [from, to] of edges) out[from].push(to);
  const [order, low, part] = [-1, 0, -1].map((value) => new Int32Array(nodes).fill(value));
  const stack: number[] = [];
  let visited = 0, parts = 0;
  for (let root = 0; root < nodes; root++) {
    if (order[root] >= 0) continue;
    const path: [number, number][] = [[root, 0]];
    while (path.length > 0) {
      const top = path[path.length - 1];
      const node = top[0];
      if (top[1] === 0) {
        order[node] = low[node] = visited++;
        stack.push(node);
      }
      if (top[1] < out[node].length) {
        const next = out[node][top[1]++];
        if (order[next] < 0) path.push([next, 0]);
        else if (part[next] < 0) low[node] = Math.min(low[node], order[next]);
        continue;
      }
      if (low[node] === order[node]) {
        for (;;) {
          const member = stack.pop()!;
          part[member] = parts;
          if (member === node) break;
        }
        parts++;
      }
      path.pop();
      if (path.length > 0) low[path[path.length - 1][0]] = Math.min(low[path[path.length - 1][0]], low[node]);
    }
  }
  const names = new Map<number, number>();
  return Array.from(part, (p) => {
    if (!names.has(p)) names.set(p, names.size);
    return names.get(p)!;
  });
}

/** Nodes of each part, by name, a few of each: for messages. */
export function describeParts(names: readonly string[], part: readonly number[]): string {
  const groups: string[][] = [];
  part.forEach((p, i) => (groups[p] ??= []).push(names[i]));
  const shown = groups.slice(0, 4).map((group) => {
    const some = group.slice(0, 5).map((name) => JSON.stringify(name)).join(", ");
    return `{${some}${group.length > 5 ? ` and ${group.length - 5} more` : ""}}`;
  });
  return shown.join(" and ") + (groups.length > 4 ? ` and ${groups.length - 4} more groups` : "");
}
