/**
 * What a model card says of a bundle's cleaning: other programs that load the model do not apply it.
 *
 * @module
 */
import type { Manifest } from "../bundle/manifest.ts";

/**
 * The section of a model card about cleaning steps, with an empty line before and after; nothing where the model has none.
 *
 * @example
 * ```ts
 * import { cleaningSection } from "./card_cleaning.ts";
 * import assert from "node:assert/strict";
 *
 * assert.match(cleaningSection({ cleaning: ["strip-html", "lowercase"] }), /1\. `strip-html`\n2\. `lowercase`\n/);
 * assert.equal(cleaningSection({}), "");
 * ```
 */
export function cleaningSection({ cleaning = [] }: Pick<Manifest, "cleaning">): string {
  if (cleaning.length === 0) return "";
  return `
## Cleaning

Texts are cleaned before the tokenizer reads them, in training as at work. Weir does so by itself, as \`weir.json\` says.
**Whatever else loads this model must clean texts first**, or it answers other texts than those that it has learnt from:

${cleaning.map((step, i) => `${i + 1}. ${inline(step)}`).join("\n")}
`;
}

/** A step as code, whatever it holds: longer ticks around those within. */
function inline(step: string): string {
  const text = step.replace(/[\r\n]+/g, " ");
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const ticks = "`".repeat(longest + 1);
  return longest === 0 ? `${ticks}${text}${ticks}` : `${ticks} ${text} ${ticks}`;
}
