/**
 * The tree's dialect as a check: which lines of a file a reader would stumble at.
 *
 * @module
 */

/** What is wrong with a source or a document: one line for each finding, which names the file and the line. */
export function styleProblems(path: string, text: string): string[] {
  const problems: string[] = [];
  const lines = text.split("\n");
  const isSource = /\.tsx?$/.test(path);
  if (isSource && !text.includes("@module")) {
    problems.push(`${path}: no @module header that says what the file is for`);
  }
  const reads = /^(src|models|routes)\//.test(path) && !path.startsWith("src/base/");
  lines.forEach((line, i) => {
    const where = `${path}:${i + 1}`;
    const isTable = line.startsWith("|");
    if (line.length > MOST_COLUMNS && !isTable) {
      problems.push(`${where}: ${line.length} columns, at most ${MOST_COLUMNS}`);
    }
    for (const { found, instead } of phrases) {
      const match = found.exec(line);
      if (match) problems.push(`${where}: "${match[0]}"; ${instead}`);
    }
    if (reads && isRawRead(line)) {
      problems.push(
        `${where}: reads a file by itself; src/base/files.ts does, with limits and without waiting`,
      );
    }
    if (isSource && isBrokenOff(lines, i)) problems.push(`${where}: a reflow has broken the sentence here`);
  });
  return problems;
}

const MOST_COLUMNS = 130;

/** Phrases that stood in the tree and that a reader has to smile at or guess, and what is written instead. */
const phrases: readonly { readonly found: RegExp; readonly instead: string }[] = [
  { found: /\bslopes?\b/i, instead: "the field says gradient" },
  { found: /\b(heard|hears?|untold)\b/i, instead: "a token attends to another, a message is received" },
  { found: /\bnever there\b|worth no thought|came of it\b/i, instead: "say what happens" },
  {
    found: /\b(CPU|GPU) (in disguise|that plays)|\bplays (a )?[CG]PU\b/i,
    instead: "it is a software adapter",
  },
  { found: /\bunless told\b|\btold instead of\b/i, instead: "say by default, or returned" },
  { found: /\bwhat \S+ asks of\b/i, instead: "say what is implemented, or used" },
  { found: /\bstands? in a grid\b/i, instead: "say that it is laid out in two dimensions" },
];

/** Whether a line of code opens a file that may be a FIFO, a device or endless. Its own module's folder is no such place. */
function isRawRead(line: string): boolean {
  if (/^\s*(\*|\/\/)/.test(line) || line.includes("import.meta.url")) return false;
  return /\bDeno\.(readFile|readTextFile)(Sync)?\b/.test(line) ||
    (/\bDeno\.open(Sync)?\b/.test(line) && !/\bwrite: true\b/.test(line)) ||
    (/\bfrom "node:fs(\/promises)?"/.test(line) && /\b(open|read\w*|createReadStream)\b/.test(line));
}

/** Whether a line of a comment ends in the middle of a sentence though the next word would have fitted. */
function isBrokenOff(lines: readonly string[], i: number): boolean {
  const [before, line, after] = [lines[i - 1], lines[i], lines[i + 1]].map((text) =>
    /^\s*(?:\*|\/\/) (\S.*)$/.exec(text ?? "")?.[1]
  );
  if (before === undefined || line === undefined || after === undefined) return false;
  const isProse = [before, line, after].every((text) => /^[\w`*("][^={};]*$/.test(text));
  return isProse && before.length > 90 && line.length <= 30 && !/[.:;?!)`]$/.test(line);
}
