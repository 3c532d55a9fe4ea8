/**
 * Counts of n-grams in a table that all rows of a corpus share.
 *
 * @module
 */

const LARGEST_START = 1 << 14;

/**
 * Counts of the n-grams of reference texts, and how many n-grams of another text they match.
 *
 * An n-gram is a node with a parent (the n-gram without its last symbol) and a last symbol, found by hashing that pair: every
 * n-gram is distinguished exactly and costs the same whatever its order. One table serves all rows of a corpus; a row costs time
 * and memory in proportion to its own length.
 */
export class NgramTable {
  // A slot holds base + node. What is not above the base is left from earlier rows and counts as empty, so that no
  // clearing is needed between rows.
  #slots = new Int32Array(64);
  #mask = 0;
  #base = 0;
  #size = 0; // nodes; node 0 is the empty n-gram
  #parents = new Int32Array(64);
  #symbols = new Int32Array(64);
  #counts = new Int32Array(64); // the most that any one reference has
  #current = new Int32Array(64); // in the text that was last counted
  #owner = new Int32Array(64); // which text that was
  #text = 0;

  /** Forgets all n-grams; `expected` is how many may come (a hint: the table grows). */
  clear(expected: number): void {
    this.#base += this.#size + 1;
    if (this.#base > 0x3fffffff) {
      this.#slots.fill(0);
      this.#base = 1;
    }
    this.#size = 0;
    this.#text = 0;
    // A small table for a small row stays in the processor's nearest cache.
    let slots = 64;
    while (slots < 2 * expected && slots < LARGEST_START) slots *= 2;
    if (slots > this.#slots.length) this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  /** Adds a reference: each n-gram of up to `order` of the first `length` symbols counts as often as in its richest text. */
  add(symbols: Int32Array, length: number, order: number): void {
    const text = ++this.#text;
    for (let i = 0; i < length; i++) {
      const end = Math.min(length, i + order);
      for (let k = i, node = 0; k < end; k++) {
        node = this.#child(node, symbols[k]);
        const count = this.#owner[node] === text ? this.#current[node] + 1 : 1;
        this.#owner[node] = text;
        this.#current[node] = count;
        if (count > this.#counts[node]) this.#counts[node] = count;
      }
    }
  }

  /** Adds to `out[at + (n - 1) * stride]` how many n-grams of the text the references match, for n from 1 to `order`. */
  match(
    symbols: Int32Array,
    length: number,
    order: number,
    out: { [index: number]: number },
    at: number,
    stride: number,
  ): void {
    const text = ++this.#text;
    const slots = this.#slots, mask = this.#mask, base = this.#base;
    const parents = this.#parents, lasts = this.#symbols, counts = this.#counts;
    const current = this.#current, owner = this.#owner;
    for (let i = 0; i < length; i++) {
      const end = Math.min(length, i + order);
      for (let k = i, node = 0; k < end; k++) {
        const symbol = symbols[k];
        let slot = hash(node, symbol) & mask, child: number;
        while ((child = slots[slot] - base) > 0 && !(parents[child] === node && lasts[child] === symbol)) {
          slot = (slot + 1) & mask;
        }
        if (child <= 0) break; // no longer n-gram from here matches either
        const count = owner[child] === text ? current[child] + 1 : 1;
        owner[child] = text;
        current[child] = count;
        if (count <= counts[child]) out[at + (k - i) * stride]++;
        node = child;
      }
    }
  }

  /** The node of an n-gram, made when there is none. */
  #child(parent: number, symbol: number): number {
    const slots = this.#slots, mask = this.#mask, base = this.#base;
    let slot = hash(parent, symbol) & mask, child: number;
    while ((child = slots[slot] - base) > 0) {
      if (this.#parents[child] === parent && this.#symbols[child] === symbol) return child;
      slot = (slot + 1) & mask;
    }
    child = ++this.#size;
    if (child === this.#parents.length) this.#growNodes();
    slots[slot] = base + child;
    this.#parents[child] = parent;
    this.#symbols[child] = symbol;
    this.#counts[child] = 0;
    this.#owner[child] = 0;
    if (2 * child > mask) this.#growSlots();
    return child;
  }

  #growNodes(): void {
    const longer = (from: Int32Array) => {
      const to = new Int32Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.#parents = longer(this.#parents);
    this.#symbols = longer(this.#symbols);
    this.#counts = longer(this.#counts);
    this.#current = longer(this.#current);
    this.#owner = longer(this.#owner);
  }

  #growSlots(): void {
    const size = 2 * (this.#mask + 1);
    if (size > this.#slots.length) this.#slots = new Int32Array(size);
    else this.#slots.fill(0, 0, size);
    this.#mask = size - 1;
    for (let node = 1; node <= this.#size; node++) {
      let slot = hash(this.#parents[node], this.#symbols[node]) & this.#mask;
      while (this.#slots[slot] > this.#base) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = this.#base + node;
    }
  }
}

function hash(parent: number, symbol: number): number {
  const h = Math.imul(parent + Math.imul(symbol, 0x9e3779b1), 0x85ebca6b);
  return h ^ (h >>> 15);
}
