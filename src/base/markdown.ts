/**
 * Texts as safe Markdown.
 *
 * @module
 */
import { shorten, visible } from "./text.ts";

/**
 * A text as running GitHub-flavoured Markdown on one line: its signs mean nothing, and it neither links nor calls anybody
 * (`@name`, `#1`, addresses).
 */
export function prose(text: string, most = 300): string {
  return oneLine(text, most)
    .replace(/[\\`*_[\]<>#|~$&]/g, (sign) => `\\${sign}`)
    .replace(/^(\d+)([.)])/, "$1\\$2")
    .replace(/^[-+=]/, (sign) => `\\${sign}`)
    // What is linked is looked for after Markdown was read, so signs alone do not help.
    .replace(/#(?=\d)/g, `#${NOTHING}`)
    .replace(/(^|[^\p{L}\p{N}])@(?=[\p{L}\p{N}])/gu, `$1@${NOTHING}`)
    .replace(/\b(https?|ftp):\/\//gi, "$1&#58;//")
    .replace(/\bwww\./gi, (sign) => `${sign.slice(0, 3)}&#46;`);
}

/** A text from a user's data as code, also within a table: it stands there as it is. */
export function code(text: string, most = 120): string {
  const line = oneLine(text, most);
  if (line === "") return "(empty)";
  if (!/[`|\\]/.test(line)) return `\`${line}\``;
  // A bar ends a cell even within backticks, and a backslash before it ends the escape.
  return `<code>${line.replace(/[!-/:-@[-`{-~]/g, (sign) => `&#${sign.charCodeAt(0)};`)}</code>`;
}

const NOTHING = "&#8203;"; // a space without width

function oneLine(text: string, most: number): string {
  // Much more than is shown need not be looked at.
  return shorten(visible(text.slice(0, 4 * most)).replace(/\s+/g, " ").trim(), most);
}
