/**
 * HTML and SVG as values that cannot be mixed up with text: what is put into a {@linkcode markup} template is escaped unless it
 * is markup itself. Texts of users go through {@linkcode userText}.
 *
 * @module
 */
import { shorten, visible } from "../base/text.ts";

/** A piece of HTML or SVG that is safe to write as it is. */
export class Markup {
  constructor(readonly source: string) {}
}

/** What a template takes: nothing is written for undefined and false. */
export type Part = Markup | string | number | undefined | false | readonly Part[];

/** A template of HTML or SVG; every text put into it is escaped, for elements and for quoted attributes alike. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  let source = strings[0];
  parts.forEach((part, i) => source += write(part) + strings[i + 1]);
  return new Markup(source);
}

function write(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Markup) return part.source;
  if (typeof part === "number") return String(part);
  return typeof part === "string" ? escapeHtml(part) : part.map(write).join("");
}

/** A text from a user's data: cut, escaped, and apart from the direction of what stands around it. */
export function userText(text: string, most = 2000): Markup {
  return markup`<bdi>${shorten(text, most)}</bdi>`;
}

function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
