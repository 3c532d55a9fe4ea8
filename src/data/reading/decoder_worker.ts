/**
 * The thread that decodes Parquet and Arrow; `decoder.ts` starts and ends it.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { firstLine, shorten } from "../../base/text.ts";
import type { DataRecord } from "../example.ts";
import type { createArrowDecoder } from "./arrow_decode.ts";
import type { Answer, Question } from "./decoder.ts";

/** An answer has rows of about so many characters, so that few are in memory at a time. */
const ANSWER_SIZE = 2 ** 20;
/** What all rows of a source may come to, in characters: at least, and for each of its bytes. */
const [LEAST_SIZE, SIZE_FACTOR] = [2 ** 28, 1000];

let rows: AsyncIterator<DataRecord> | Iterator<DataRecord> = [][Symbol.iterator]();
let arrow: ReturnType<typeof createArrowDecoder> | undefined;
let sizeLeft = LEAST_SIZE;
let closeFile = () => {};

const port = parentPort!;
port.on("message", async (question: Question) => {
  const start = performance.now();
  const ms = () => performance.now() - start;
  try {
    const answer = await answerTo(question);
    port.postMessage({ ms: ms(), ...answer } satisfies Answer);
  } catch (error) {
    port.postMessage({ ms: ms(), problem: problemOf(error) } satisfies Answer);
  }
});
// The library leaves columns' promises alone when another column fails first; that one is answered.
globalThis.addEventListener("unhandledrejection", (event) => event.preventDefault());
port.postMessage("ready");

async function answerTo(question: Question): Promise<Omit<Answer, "ms">> {
  if (question.kind === "rows") return { rows: await someRows() };
  if (question.kind === "parquet") {
    const { openParquet } = await import("./parquet_decode.ts");
    forget();
    const opened = await openParquet(question.file);
    closeFile = opened.close;
    sizeLeft += opened.size * SIZE_FACTOR;
    rows = opened.rows();
    return { features: opened.features };
  }
  const { kind } = question;
  const bytes = new Uint8Array(question.bytes);
  if (kind === "schema") {
    const { createArrowDecoder } = await import("./arrow_decode.ts");
    forget();
    arrow = createArrowDecoder(bytes);
    return { features: arrow.features };
  }
  sizeLeft += bytes.length * SIZE_FACTOR;
  if (kind === "dictionary") arrow!.addDictionary(bytes);
  else rows = arrow!.rowsOf(bytes);
  return {};
}

function problemOf(error: unknown): string {
  if (error instanceof TypeError || error instanceof SyntaxError) {
    return "parts of its description are missing or damaged";
  }
  if (error instanceof RangeError) return "it points to what is not there";
  return shorten(firstLine(error), 200);
}

/** Lets go of the source before. */
function forget(): void {
  closeFile();
  closeFile = () => {};
  rows = [][Symbol.iterator]();
  arrow = undefined;
  sizeLeft = LEAST_SIZE;
}

async function someRows(): Promise<DataRecord[]> {
  const some: DataRecord[] = [];
  for (let size = 0; size < ANSWER_SIZE;) {
    const { value, done } = await rows.next();
    if (done) break;
    some.push(value);
    size += sizeOf(value);
    if (size > sizeLeft) throw new Error("its rows are longer than those of a file of its size should be");
  }
  sizeLeft -= some.reduce((sum, row) => sum + sizeOf(row), 0);
  return some;
}

/** About how many characters a value takes. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length + 8;
  if (typeof value !== "object" || value === null) return 8;
  let size = 16;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) size += sizeOf(inner);
  return size;
}
