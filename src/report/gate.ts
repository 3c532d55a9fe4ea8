/**
 * Conditions that a report must meet before a model is promoted.
 *
 * @module
 */
import { show } from "../base/text.ts";
import { EvaluationError } from "../statistics/errors.ts";
import { checkJson, list, object, optional, text as jsonText } from "../base/json.ts";
import { figures } from "./figures.ts";
import type { GateSection, Report } from "../evaluate/report.ts";

/** What must hold before a model is promoted. */
export interface Gate {
  /** Shown above the conditions. */
  readonly title?: string;
  /** Such as `macroF1.low >= champion.macroF1 - 0.005`. */
  readonly conditions: readonly string[];
}

const MAX_CONDITIONS = 100;
const MAX_LENGTH = 500; // of a condition, in characters
const MAX_DEPTH = 50; // of parentheses

/**
 * Reads a gate: `{"conditions": ["macroF1.low >= champion.macroF1 - 0.005", "latency.p95 <= 1.1 * champion.latency.p95"]}`.
 *
 * A condition compares two sums, products and quotients of numbers and figures by `>=`, `<=`, `>` or `<`. Figures have the
 * names that {@linkcode figures} gives them; `champion.` before one takes it from the champion's report. A name with other
 * characters than letters, digits, `_` and dots is quoted: `slices.lang."pt-BR".macroF1.low`, `"ndcg@10" > 0.3`.
 *
 * @throws {EvaluationError} When it is no such object, or a condition cannot be read: with the condition and the place.
 * @example
 * ```ts
 * import { parseGate } from "./gate.ts";
 * import assert from "node:assert/strict";
 * assert.equal(parseGate({ conditions: ["accuracy.low >= 0.9"] }).conditions.length, 1);
 * assert.throws(() => parseGate({ conditions: ["accuracy = 0.9"] }), /accuracy = 0\.9.*>=/);
 * ```
 */
export function parseGate(json: unknown): Gate {
  const wanted = 'wanted {"conditions": ["macroF1.low >= champion.macroF1 - 0.005", ...]}';
  const refusal = (problem: string) => new EvaluationError(`Cannot read the gate: ${problem}; ${wanted}`);
  const gate = checkJson(form, json, refusal);
  const unknown = Object.keys(json as object).find((key) => !["conditions", "title"].includes(key));
  if (unknown !== undefined) throw refusal(`unknown key ${show(unknown)}`);
  gate.conditions.forEach(parseCondition);
  return gate;
}

const form = object<Gate>({
  title: optional(jsonText(10_000)),
  conditions: list(jsonText(MAX_LENGTH), { least: 1, most: MAX_CONDITIONS }),
});

/**
 * Decides a gate on a candidate's report, and the champion's where conditions speak of one. A figure that is not a
 * number meets no condition.
 *
 * @throws {EvaluationError} When a condition names a figure that the report does not have: with those of similar name.
 * @example
 * ```ts
 * import { decideGate, parseGate } from "./gate.ts";
 * import type { Report } from "../evaluate/report.ts";
 * import assert from "node:assert/strict";
 * const report = (value: number) => ({
 *   sections: [],
 *   metrics: [{ name: "macroF1", label: "macro F1", better: "higher",
 *     interval: { value, low: value - 0.02, high: 1, confidence: 0.95, n: 99 } }],
 * }) as unknown as Report;
 * const gate = parseGate({ conditions: ["macroF1.low >= champion.macroF1 - 0.005"] });
 * assert.equal(decideGate(gate, report(0.95), report(0.9)).passed, true);
 * assert.equal(decideGate(gate, report(0.91), report(0.9)).passed, false);
 * ```
 */
export function decideGate(gate: Gate, candidate: Report, champion?: Report): GateSection {
  const known = figures(candidate);
  const champions = champion && figures(champion);
  const lookUp = (name: string, condition: string): number => {
    const ofChampion = name.startsWith("champion.");
    if (ofChampion && !champions) {
      throw new EvaluationError(`Cannot decide "${condition}": there is no champion to compare with`);
    }
    const among = ofChampion ? champions! : known;
    const value = among.get(ofChampion ? name.slice("champion.".length) : name);
    if (value !== undefined) return value;
    throw new EvaluationError(`Cannot decide "${condition}": no figure "${name}"; ${suggest(name, among)}`);
  };
  const conditions = gate.conditions.map((text) => {
    const { left, operator, right } = parseCondition(text);
    const of = (name: string) => lookUp(name, text);
    const sides = [left(of), right(of)];
    return { text, left: sides[0], right: sides[1], met: compare[operator](sides[0], sides[1]) };
  });
  const passed = conditions.every(({ met }) => met);
  return { kind: "gate", title: gate.title ?? "Gate", passed, conditions };
}

type Expression = (lookUp: (name: string) => number) => number;

const compare = {
  ">=": (a: number, b: number) => a >= b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  "<": (a: number, b: number) => a < b,
};

interface Condition {
  left: Expression;
  operator: keyof typeof compare;
  right: Expression;
}

/**
 * The grammar: sum (>= | <= | > | <) sum; sum: product ((+ | -) product)*; product: factor ((* | /) factor)*; factor: number,
 * name, -factor, (sum).
 */
function parseCondition(text: string): Condition {
  const tokens = tokenize(text);
  let at = 0, depth = 0;
  const fail = (wanted: string): never => {
    const found = at < tokens.length ? `"${tokens[at].text}" at character ${tokens[at].at + 1}` : "its end";
    throw new EvaluationError(`Cannot read the condition "${text}": found ${found}, wanted ${wanted}`);
  };
  const take = (...texts: string[]): string | undefined => {
    const token = tokens[at];
    if (token?.kind !== "sign" || !texts.includes(token.text)) return undefined;
    at++;
    return token.text;
  };
  const sum = (): Expression => {
    let left = product();
    for (let sign; (sign = take("+", "-"));) {
      const a = left, b = product(), factor = sign === "+" ? 1 : -1;
      left = (of) => a(of) + factor * b(of);
    }
    return left;
  };
  const product = (): Expression => {
    let left = factor();
    for (let sign; (sign = take("*", "/"));) {
      const a = left, b = factor(), divide = sign === "/";
      left = (of) => divide ? a(of) / b(of) : a(of) * b(of);
    }
    return left;
  };
  const factor = (): Expression => {
    if (++depth > MAX_DEPTH) fail(`at most ${MAX_DEPTH} levels`);
    try {
      if (take("-")) {
        const inner = factor();
        return (of) => -inner(of);
      }
      if (take("(")) {
        const inner = sum();
        if (!take(")")) fail('")"');
        return inner;
      }
      const token = tokens[at];
      if (token?.kind === "number") {
        at++;
        const value = Number(token.text);
        return () => value;
      }
      if (token?.kind === "name") {
        at++;
        return (of) => of(token.text);
      }
      return fail("a number or a figure's name");
    } finally {
      depth--;
    }
  };
  const left = sum();
  const operator = take(">=", "<=", ">", "<") ?? fail('">=", "<=", ">" or "<"');
  const right = sum();
  if (at < tokens.length) fail("nothing more");
  return { left, operator: operator as Condition["operator"], right };
}

interface Token {
  kind: "number" | "name" | "sign";
  text: string;
  at: number;
}

function tokenize(text: string): Token[] {
  const pattern = new RegExp(
    [
      String.raw`\s+`,
      String.raw`(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)`,
      String.raw`((?:[\p{L}_][\p{L}\p{N}_]*|"[^"]+")(?:\.(?:[\p{L}\p{N}_]+|"[^"]*"))*)`,
      String.raw`(>=|<=|[<>+\-*\/()])`,
    ].join("|"),
    "uy",
  );
  const tokens: Token[] = [];
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) {
      const found = `"${text[at]}" at character ${at + 1}`;
      const wanted = "a condition is such as macroF1.low >= champion.macroF1 - 0.005";
      throw new EvaluationError(`Cannot read the condition "${text}": ${found}; ${wanted}`);
    }
    const [, number, name, sign] = match;
    if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (name !== undefined) tokens.push({ kind: "name", text: name.replaceAll('"', ""), at });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
  }
  return tokens;
}

/** What the name may have meant: figures that share its first part, else all that are metrics. */
function suggest(name: string, known: Map<string, number>): string {
  const names = [...known.keys()].filter((key) => !/\.(value|n)$/.test(key));
  const first = name.replace(/^champion\./, "").split(".")[0].toLowerCase();
  const near = names.filter((key) => key.toLowerCase().startsWith(first.slice(0, 4)));
  const shown = (near.length > 0 ? near : names.filter((key) => !key.includes("."))).slice(0, 12);
  return shown.length > 0 ? `there are ${shown.join(", ")}` : "the report has none";
}
