/**
 * The units of a resample: rows, or the rows of one cluster, within strata; their statistics counted once where they agree.
 *
 * @module
 */
import type { Decomposed } from "./decomposed.ts";
import { type CountSampler, multinomialSampler, type WordSource } from "./resample.ts";
import { fail, type Numbers } from "./checks.ts";

/** Which rows are drawn together, and among which. */
export interface ResamplingDesign {
  /** A group for each row, such as its document or its author: whole groups are drawn, as their rows are alike. */
  readonly clusters?: ArrayLike<string | number>;
  /** A stratum for each row, such as its source: each keeps its number of rows (or clusters) in every resample. */
  readonly strata?: ArrayLike<string | number>;
}

/** The units that are drawn: each is one row, or the rows of one cluster. */
export interface Units {
  /** Rows of unit u: `rows[start[u]]` to `rows[start[u + 1]]`, the end left out. */
  readonly start: Uint32Array;
  readonly rows: Uint32Array;
  /** Units of stratum s: from `stratumStart[s]` to `stratumStart[s + 1]`, the end left out. */
  readonly stratumStart: Uint32Array;
}

/**
 * Splits n rows into units, ordered by stratum.
 *
 * @throws {EvaluationError} When there are no rows, a list has another length than n, or a cluster lies in two strata.
 */
export function designUnits(n: number, { clusters, strata }: ResamplingDesign): Units {
  if (n === 0) fail("Cannot resample: there are no rows");
  for (const [name, list] of [["clusters", clusters], ["strata", strata]] as const) {
    if (list && list.length !== n) {
      fail(`Cannot resample ${n} rows with ${list.length} ${name}: every row needs one`);
    }
  }
  const stratumOf = strata && numbered(strata);
  const clusterOf = clusters && numbered(clusters);
  const unitOf = clusterOf?.ids ?? Uint32Array.from({ length: n }, (_, row) => row);
  const unitCount = clusterOf?.count ?? n;
  const stratumOfUnit = new Int32Array(unitCount).fill(stratumOf ? -1 : 0);
  if (stratumOf) {
    for (let row = 0; row < n; row++) {
      const unit = unitOf[row];
      if (stratumOfUnit[unit] >= 0 && stratumOfUnit[unit] !== stratumOf.ids[row]) {
        fail(
          `Cannot resample: cluster "${clusters?.[row]}" lies in more than one stratum, ` +
            `"${strata?.[row]}" (row ${row}) being another one`,
        );
      }
      stratumOfUnit[unit] = stratumOf.ids[row];
    }
  }
  const byStratum = bucket(stratumOfUnit, stratumOf?.count ?? 1);
  const rank = new Uint32Array(unitCount);
  byStratum.items.forEach((unit, at) => rank[unit] = at);
  const byUnit = bucket(unitOf.map((unit) => rank[unit]), unitCount);
  return { start: byUnit.start, rows: byUnit.items, stratumStart: byStratum.start };
}

/** Distinct values by number, in order of appearance. */
function numbered(values: ArrayLike<string | number>): { ids: Uint32Array; count: number } {
  const seen = new Map<string | number, number>(), ids = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let id = seen.get(values[i]);
    if (id === undefined) seen.set(values[i], id = seen.size);
    ids[i] = id;
  }
  return { ids, count: seen.size };
}

/** Counting sort of 0 … keys.length − 1 by key. */
function bucket(keys: Numbers, count: number): { start: Uint32Array; items: Uint32Array } {
  const start = new Uint32Array(count + 1), items = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) start[keys[i] + 1]++;
  for (let k = 0; k < count; k++) start[k + 1] += start[k];
  const next = start.slice();
  for (let i = 0; i < keys.length; i++) items[next[keys[i]]++] = i;
  return { start, items };
}

/**
 * Units with equal statistics, counted once: rows of one-hot cells come down to the cells, so a resample costs the number of
 * distinct rows. Zeros are left out of the statistics.
 */
export interface UnitGroups {
  /** Units in each group. */
  readonly counts: Float64Array;
  /** Statistics of group g: `columns` and `values` from `start[g]` to `start[g + 1]`. Column `width` holds its rows. */
  readonly start: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float64Array;
  /** Statistics that a row has. */
  readonly width: number;
  /** Groups of stratum s: from `stratumStart[s]` to `stratumStart[s + 1]`. */
  readonly stratumStart: Uint32Array;
}

/**
 * Adds up each unit's rows and groups the units that agree.
 *
 * @throws {EvaluationError} When a statistic is no finite number.
 */
export function groupUnits(metrics: Decomposed, units: Units): UnitGroups {
  const { width, rows } = metrics;
  const strata = units.stratumStart.length - 1, unitCount = units.start.length - 1;
  const wide = width + 1; // the last column counts rows, which clusters have several of
  const table = new Int32Array(2 ** Math.ceil(Math.log2(2 * unitCount + 2)));
  const mask = table.length - 1;
  const kept: { hash: number; unit: Float64Array }[] = [];
  const counts: number[] = [], stratumStart = new Uint32Array(strata + 1);
  let unit = new Float64Array(wide), bits = new Uint32Array(unit.buffer);
  for (let s = 0; s < strata; s++) {
    table.fill(-1);
    for (let u = units.stratumStart[s]; u < units.stratumStart[s + 1]; u++) {
      unit.fill(0);
      for (let r = units.start[u]; r < units.start[u + 1]; r++) {
        const row = units.rows[r];
        for (let k = 0, at = row * width; k < width; k++, at++) {
          if (!Number.isFinite(rows[at])) {
            fail(`Cannot resample: statistic ${k} of row ${row} is ${rows[at]}`);
          }
          unit[k] += rows[at];
        }
        unit[width]++;
      }
      let hash = 0;
      for (let k = 0; k < bits.length; k++) {
        hash = Math.imul(hash ^ bits[k], 0x9e3779b1);
        hash ^= hash >>> 15;
      }
      let slot = hash & mask;
      for (; table[slot] >= 0; slot = (slot + 1) & mask) {
        const other = kept[table[slot]];
        if (other.hash === hash && equal(other.unit, unit)) break;
      }
      if (table[slot] >= 0) {
        counts[table[slot]]++;
        continue;
      }
      table[slot] = kept.length;
      kept.push({ hash, unit });
      counts.push(1);
      unit = new Float64Array(wide), bits = new Uint32Array(unit.buffer);
    }
    stratumStart[s + 1] = kept.length;
  }
  return { counts: Float64Array.from(counts), ...sparse(kept.map(({ unit }) => unit)), width, stratumStart };
}

function equal(a: Float64Array, b: Float64Array): boolean {
  for (let k = 0; k < a.length; k++) {
    if (a[k] !== b[k]) return false;
  }
  return true;
}

function sparse(rows: Float64Array[]): { start: Uint32Array; columns: Uint32Array; values: Float64Array } {
  const start = new Uint32Array(rows.length + 1);
  rows.forEach((row, g) => {
    let filled = 0;
    for (let k = 0; k < row.length; k++) if (row[k] !== 0) filled++;
    start[g + 1] = start[g] + filled;
  });
  const columns = new Uint32Array(start[rows.length]), values = new Float64Array(start[rows.length]);
  let at = 0;
  for (const row of rows) {
    for (let k = 0; k < row.length; k++) {
      if (row[k] !== 0) columns[at] = k, values[at++] = row[k];
    }
  }
  return { start, columns, values };
}

/** A group for each cell of a table: a row of it is one in its column. */
export function cellGroups(counts: Float64Array): UnitGroups {
  const width = counts.length;
  return {
    counts,
    start: Uint32Array.from({ length: width + 1 }, (_, c) => 2 * c),
    columns: Uint32Array.from({ length: 2 * width }, (_, at) => at % 2 === 0 ? at / 2 : width),
    values: new Float64Array(2 * width).fill(1),
    width,
    stratumStart: Uint32Array.of(0, width),
  };
}

/** Draws the groups' counts, each stratum by itself. */
export function groupSampler(groups: UnitGroups): CountSampler {
  const { counts, stratumStart } = groups;
  const parts: { from: number; to: number; sample: CountSampler }[] = [];
  for (let s = 0; s + 1 < stratumStart.length; s++) {
    const from = stratumStart[s], to = stratumStart[s + 1];
    parts.push({ from, to, sample: multinomialSampler(counts.subarray(from, to)) });
  }
  if (parts.length === 1) return parts[0].sample;
  return (source, out) => {
    for (const { from, to, sample } of parts) sample(source, out.subarray(from, to));
  };
}

/** Adds each group's statistics, times its count, to `sums` ([width + 1], the last one rows). */
export function addGroups(groups: UnitGroups, counts: Numbers, sums: Float64Array): void {
  const { start, columns, values } = groups, size = groups.counts.length;
  for (let g = 0; g < size; g++) {
    const count = counts[g];
    if (count === 0) continue;
    for (let at = start[g], end = start[g + 1]; at < end; at++) sums[columns[at]] += count * values[at];
  }
}

/**
 * The metrics of as many resamples as asked for.
 *
 * @returns One array a metric: its value in each resample.
 */
export function drawMetrics(
  metrics: Decomposed,
  groups: UnitGroups,
  draw: { resamples: number; source: WordSource },
): Float64Array[] {
  const { width } = groups, sample = groupSampler(groups);
  const counts = new Int32Array(groups.counts.length);
  const sums = new Float64Array(width + 1), statistics = sums.subarray(0, width);
  const out = new Float64Array(metrics.names.length);
  const draws = metrics.names.map(() => new Float64Array(draw.resamples));
  for (let r = 0; r < draw.resamples; r++) {
    sample(draw.source, counts);
    sums.fill(0);
    addGroups(groups, counts, sums);
    metrics.evaluate(statistics, sums[width], out);
    for (let m = 0; m < out.length; m++) draws[m][r] = out[m];
  }
  return draws;
}

/** What leaving out one unit at a time does to a statistic. */
export interface Jackknife {
  /** The statistic without one unit of each group. */
  readonly values: Float64Array;
  /** Units of each group that this stands for. */
  readonly counts: Numbers;
  /** Groups of stratum s: from `stratumStart[s]` to `stratumStart[s + 1]`. */
  readonly stratumStart: Numbers;
}

/** The jackknife of each metric, by taking a group's statistics off the sums. */
export function jackknifeMetrics(metrics: Decomposed, groups: UnitGroups): Jackknife[] {
  const { width, counts, start, columns, values, stratumStart } = groups;
  const total = new Float64Array(width + 1), sums = new Float64Array(width + 1);
  addGroups(groups, counts, total);
  const statistics = sums.subarray(0, width), out = new Float64Array(metrics.names.length);
  const results = metrics.names.map((): Jackknife => ({
    values: new Float64Array(counts.length),
    counts,
    stratumStart,
  }));
  for (let g = 0; g < counts.length; g++) {
    if (counts[g] === 0) continue;
    sums.set(total);
    for (let at = start[g]; at < start[g + 1]; at++) {
      const k = columns[at], rest = total[k] - values[at];
      // What is left of a sum whose terms were all in this unit is rounding, and would pass for a statistic.
      sums[k] = Math.abs(rest) < 1e-13 * Math.abs(total[k]) ? 0 : rest;
    }
    metrics.evaluate(statistics, sums[width], out);
    for (let m = 0; m < out.length; m++) results[m].values[g] = out[m];
  }
  return results;
}
