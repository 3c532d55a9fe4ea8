/**
 * Designs in which pairs of elements meet evenly often, and sides that are shown equally often.
 *
 * @module
 */

/** Candidates looked at for a place; more make large designs slow and hardly more even. */
const MAX_CANDIDATES = 64;
/** Swaps tried to even pairs out. */
const MAX_SWAPS = 200_000;

/**
 * Fills blocks with elements 0 to `elements` - 1: block b gets sizes[b] different ones, every element occurs equally
 * often within one, and pairs of elements meet in as even a number of blocks as a greedy search with swaps finds. No
 * size may exceed the number of elements.
 */
export function balancedBlocks(
  elements: number,
  sizes: readonly number[],
  random: () => number,
): Uint32Array[] {
  const meetings = createMeetings(elements);
  // Blocks are filled from the elements used least; those come before `split`, the ones used once more after it.
  const pool = shuffled(elements, random);
  let left = elements;
  const blocks = sizes.map((size) => {
    const block = new Uint32Array(size);
    const wrapped: number[] = [];
    for (let filled = 0; filled < size; filled++) {
      if (left === 0) {
        // All were used equally often: start over, keeping this block's own members out of reach.
        left = elements;
        for (let b = 0; b < filled; b++) {
          const at = pool.indexOf(block[b]);
          left--;
          swap(pool, at, left);
          wrapped.push(block[b]);
        }
      }
      const reach = left;
      let chosen = 0, lowest = Infinity;
      const all = reach <= MAX_CANDIDATES;
      const start = Math.floor(random() * reach);
      for (let c = 0; c < Math.min(reach, MAX_CANDIDATES); c++) {
        const at = all ? (start + c) % reach : Math.floor(random() * reach);
        let cost = 0;
        for (let b = 0; b < filled; b++) cost += 2 * meetings.get(pool[at], block[b]) + 1;
        if (cost < lowest) {
          lowest = cost;
          chosen = at;
          if (cost === filled) break; // met none of them before: nothing is better
        }
      }
      const element = pool[chosen];
      for (let b = 0; b < filled; b++) meetings.add(element, block[b], 1);
      block[filled] = element;
      swap(pool, chosen, --left);
    }
    // Those put out of reach at the wrap are used once less than the block's later members: they are next in line again.
    for (const element of wrapped) {
      const at = pool.indexOf(element);
      swap(pool, at, left);
      left++;
    }
    return block;
  });
  evenOut(blocks, elements, meetings, random);
  return blocks.map((block) => shuffleInPlace(block, random));
}

/** Exchanges members of two blocks while that makes pairs meet more evenly; occurrences stay as they are. */
function evenOut(blocks: Uint32Array[], elements: number, meetings: Meetings, random: () => number): void {
  if (blocks.length < 2) return;
  let total = 0, cost = 0, members = 0;
  for (const block of blocks) {
    total += block.length * (block.length - 1) / 2;
    members += block.length;
  }
  if (total === 0) return;
  const pairs = elements * (elements - 1) / 2;
  const least = Math.floor(total / pairs), more = total - least * pairs;
  const lowest = (pairs - more) * least ** 2 + more * (least + 1) ** 2;
  cost = meetings.squares();
  const tries = Math.min(MAX_SWAPS, 400 * members);
  for (let attempt = 0; attempt < tries && cost > lowest; attempt++) {
    const s = Math.floor(random() * blocks.length), t = Math.floor(random() * blocks.length);
    if (s === t) continue;
    const a = Math.floor(random() * blocks[s].length), b = Math.floor(random() * blocks[t].length);
    const x = blocks[s][a], y = blocks[t][b];
    if (x === y || blocks[s].includes(y) || blocks[t].includes(x)) continue;
    const move = (element: number, block: Uint32Array, skip: number, by: 1 | -1) => {
      let change = 0;
      for (const other of block) if (other !== skip) change += meetings.add(element, other, by);
      return change;
    };
    const change = move(x, blocks[s], x, -1) + move(y, blocks[t], y, -1) + move(y, blocks[s], x, 1) +
      move(x, blocks[t], y, 1);
    if (change <= 0) {
      blocks[s][a] = y;
      blocks[t][b] = x;
      cost += change;
    } else {
      move(x, blocks[t], y, -1);
      move(y, blocks[s], x, -1);
      move(y, blocks[t], y, 1);
      move(x, blocks[s], x, 1);
    }
  }
}

interface Meetings {
  get(a: number, b: number): number;
  /** Adds to a pair's count and returns the change of the sum of squares. */
  add(a: number, b: number, by: 1 | -1): number;
  squares(): number;
}

/** How often each pair met; dense for few elements, by key for many. */
function createMeetings(elements: number): Meetings {
  const dense = elements <= 1500 ? new Uint32Array(elements * elements) : undefined;
  const sparse = new Map<number, number>();
  const key = (a: number, b: number) => a < b ? a * elements + b : b * elements + a;
  const get = (a: number, b: number) => dense ? dense[key(a, b)] : sparse.get(key(a, b)) ?? 0;
  return {
    get,
    add: (a, b, by) => {
      const before = get(a, b), after = before + by;
      if (dense) dense[key(a, b)] = after;
      else if (after === 0) sparse.delete(key(a, b));
      else sparse.set(key(a, b), after);
      return after * after - before * before;
    },
    squares: () => {
      let sum = 0;
      for (const count of dense ?? sparse.values()) sum += count * count;
      return sum;
    },
  };
}

/** 0 to n - 1 in random order (Fisher and Yates). */
export function shuffled(n: number, random: () => number): Uint32Array {
  return shuffleInPlace(Uint32Array.from({ length: n }, (_, i) => i), random);
}

/** Shuffles a list where it lies. */
export function shuffleInPlace<T extends Uint32Array | unknown[]>(list: T, random: () => number): T {
  for (let i = list.length - 1; i > 0; i--) swap(list as Uint32Array, i, Math.floor(random() * (i + 1)));
  return list;
}

function swap(list: Uint32Array, i: number, j: number): void {
  [list[i], list[j]] = [list[j], list[i]];
}

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
