/**
 * Every parser of bytes that may come from anywhere, with good inputs to start from and what it may do with bad ones: read them,
 * or refuse them with an error that is made for a user, within its limits.
 *
 * @module
 */
import { labelsOfConfig } from "../../models/config.ts";
import { parseConfig } from "../../models/index.ts";
import { sseEvent } from "../../routes/event_streams.ts";
import { HttpError } from "../../routes/errors.ts";
import { readJson as readBody } from "../../routes/body.ts";
import { PredictRequestSchema } from "../../routes/contracts/tei.ts";
import { readTuning } from "../../src/backend/gpu/tuning/tuning.ts";
import { jsonProblem } from "../../src/base/json_scan.ts";
import { parseManifest } from "../../src/bundle/manifest.ts";
import { readRows } from "../../src/cli/evaluation/rows.ts";
import { htmlToText } from "../../src/data/html.ts";
import { decodeMail } from "../../src/data/mime.ts";
import { keepThreads } from "../../src/data/reading/decoder.ts";
import { readRecords } from "../../src/data/records.ts";
import { stripListFooter, stripListTags } from "../../src/data/spam.ts";
import { BaselineBuilder, parseBaseline } from "../../src/drift/mod.ts";
import { readWordNet } from "../../src/evaluate/generation/wordnet.ts";
import { hostTensor } from "../../src/graph/dtype.ts";
import { readSafetensors, writeSafetensors } from "../../src/nn/safetensors.ts";
import { readModel } from "../../src/onnx/model.ts";
import { parseTask } from "../../src/people/annotation.ts";
import { parseVersion } from "../../src/registry/versions.ts";
import { parseReport } from "../../src/report/parse.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";
import { featuresOf, simulateTexts, USUAL } from "../drift/simulate.ts";
import { sampleReport } from "./seeds.ts";

/** One parser of untrusted bytes. */
export interface Parser {
  /** Good inputs, which must be read. */
  readonly seeds: () => readonly Uint8Array[];
  /** Reads bytes, and says how much came out: characters, values, rows. */
  readonly run: (bytes: Uint8Array) => number | Promise<number>;
  /** Whether an error besides those for users is one that the parser may throw. */
  readonly allowed?: (error: unknown) => boolean;
  /** Time of one case, ms; 2000 unless given. A case takes a few, and CI's machine may be busy. */
  readonly limitMs?: number;
}

const golden = (path: string) => Deno.readFileSync(new URL(`../golden/${path}`, import.meta.url));
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const jsonBytes = (value: unknown) => bytesOf(JSON.stringify(value));
/** What a reader of files has parsed before it checks. */
const parsed = (bytes: Uint8Array): unknown => {
  const json = textOf(bytes);
  return jsonProblem(json) === undefined ? JSON.parse(json) : undefined;
};
const isSyntax = (error: unknown) => error instanceof SyntaxError;
const sizeOf = (value: unknown) => JSON.stringify(value)?.length ?? 0;

let folder: string | undefined;

/** Runs a reader of files on a file of a kind. */
function inFile(
  ending: string,
  read: (path: string) => Promise<number>,
): (bytes: Uint8Array) => Promise<number> {
  return async (bytes) => {
    folder ??= Deno.makeTempDirSync({ prefix: "weir-fuzz-" });
    const path = `${folder}/case${ending}`;
    Deno.writeFileSync(path, bytes);
    return await read(path);
  };
}

const records = (ending: string) =>
  inFile(ending, async (path) => {
    let count = 0;
    for await (const _record of readRecords(path)) count++;
    return count;
  });

/** A reader whose libraries run in a thread, which waits for the next case. */
const decoded = (ending: string) => {
  const read = records(ending);
  return async (bytes: Uint8Array) => {
    decoders ??= keepThreads();
    return await read(bytes);
  };
};
let decoders: ReturnType<typeof keepThreads> | undefined;

/** Ends what waits for more cases. */
export async function endParsers(): Promise<void> {
  await decoders?.close();
  decoders = undefined;
}

const rows = 'text,label\r\n"a, ""b""\nc",ham\r\nplain,spam\r\n';
const lines = '{"text":"win now","label":"spam"}\n\n{"text":"see you","label":"ham","n":1.5}\n';
const mail = "From: a@b\nSubject: =?iso-8859-1?q?Caf=E9?= =?utf-8?b?4pyT?=\nMIME-Version: 1.0\n" +
  'Content-Type: multipart/alternative; boundary="x"\n\n--x\nContent-Type: text/plain; charset=koi8-r\n' +
  "Content-Transfer-Encoding: quoted-printable\n\nHello =C1=\n there\n--x\nContent-Type: text/html\n" +
  "Content-Transfer-Encoding: base64\n\nPGI+aGk8L2I+\n--x--\n";
const html = "<html><title>t</title><body><!-- c --><p>Fish &amp; <b>chips</b> &#233; &#x1F600;<br>" +
  "<table><tr><td>1<td>2</table><script>x < y</script>a < b</body>";
const wordNet = [
  "auto n 1 0 1 1 00000000  \ncar n 1 0 1 1 00000000  \n",
  "00000000 06 n 02 car 0 auto 0 000 | a motor vehicle  \n",
];

/** By what is read. */
export const parsers: Readonly<Record<string, Parser>> = {
  safetensors: {
    seeds: () => [
      writeSafetensors({ w: hostTensor("f32", [2, 2], [1, 2, 3, 4]), b: hostTensor("i8", [3], [1, 2, 3]) }),
      writeSafetensors({ a: hostTensor("f16", [2], [1, 2]), e: hostTensor("f32", [0], []) }, {
        metadata: { weir: '{"step":7}' },
      }),
    ],
    run: (bytes) => sizeOf(Object.keys(readSafetensors(bytes).tensors)),
  },
  onnx: {
    seeds: () => [
      golden("serve/bundle/onnx/model.onnx").subarray(0, 60_000),
      golden("serve/bundle/onnx/model.onnx"),
    ],
    run: (bytes) => readModel(bytes).graph.nodes.length,
  },
  "weir.json": {
    seeds: () => [golden("serve/bundle/weir.json")],
    run: (bytes) => sizeOf(parseManifest(bytes)),
  },
  "config.json": {
    seeds: () => [golden("models/bert/model/config.json")],
    run: (bytes) => {
      const json = parsed(bytes);
      labelsOfConfig((json ?? {}) as Record<string, unknown>);
      return sizeOf(parseConfig(json));
    },
    allowed: isSyntax,
  },
  "tokenizer.json": {
    seeds: () => [golden("text/tokenizer.json"), jsonBytes(trainedTokenizer())],
    run: (bytes) => {
      const tokenizer = loadTokenizer(textOf(bytes));
      const texts = [
        "Good morning, night!",
        "(a+)+$ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
        "ไทย 中文 İß \u{1f600}\0",
      ];
      return texts.reduce((sum, text) => sum + tokenizer.encode(text, { maxTokens: 128 }).ids.length, 0);
    },
  },
  "baseline.json": {
    seeds: () => [jsonBytes(baseline())],
    run: (bytes) => sizeOf(parseBaseline(parsed(bytes))),
    allowed: isSyntax,
  },
  report: {
    seeds: () => [jsonBytes(sampleReport)],
    run: (bytes) => sizeOf(parseReport(parsed(bytes))),
    allowed: isSyntax,
  },
  "annotation task": {
    seeds: () => [
      jsonBytes({ kind: "pairwise", question: "Which is better?", ties: true }),
      jsonBytes({ kind: "spans", question: "Which?", labels: ["a", "b"], overlapping: false }),
    ],
    run: (bytes) => sizeOf(parseTask(parsed(bytes))),
    allowed: isSyntax,
  },
  tuning: {
    seeds: () => [jsonBytes({ adapter: "a", products: { "nt 2048x768x768": "64x64/2" } })],
    run: (bytes) => sizeOf(readTuning(textOf(bytes), { tiles: ["64x64"], path: "tuning.json" })),
  },
  version: {
    seeds: () => [bytesOf("1.0.0"), bytesOf("12.34.56-rc.1.a-b")],
    run: (bytes) => sizeOf(parseVersion(textOf(bytes))),
  },
  "request body": {
    seeds: () => [jsonBytes({ inputs: ["a", ["b", "c"]], truncate: true })],
    run: async (body) => {
      const headers = { "content-type": "application/json" };
      const request = new Request("http://localhost/", { method: "POST", headers, body: body.slice() });
      const json = await readBody(request, 65_536);
      return sizeOf(PredictRequestSchema.safeParse(json).success);
    },
    allowed: (error) => error instanceof HttpError,
  },
  "event stream": {
    seeds: () => [bytesOf("hello\nworld")],
    run: (bytes) => {
      const event = sseEvent("token", textOf(bytes));
      if (!/^event: token\ndata: [^\r\n]*\n\n$/.test(event)) throw new Error("a text left its event");
      return event.length;
    },
  },
  csv: { seeds: () => [bytesOf(rows), bytesOf("text,label\na,b\n")], run: records(".csv") },
  tsv: { seeds: () => [bytesOf(rows.replaceAll(",", "\t"))], run: records(".tsv") },
  jsonl: { seeds: () => [bytesOf(lines)], run: records(".jsonl") },
  json: {
    seeds: () => [jsonBytes([{ text: "a", label: "b" }, { text: "c", label: 1 }])],
    run: records(".json"),
  },
  parquet: {
    seeds: () =>
      ["plain", "zstd", "gzip", "brotli", "lz4", "delta", "all"].map((name) =>
        golden(`reading/${name}.parquet`)
      ),
    run: decoded(".parquet"),
    // A thread that hangs is ended after 4 s.
    limitMs: 8000,
  },
  arrow: {
    seeds: () =>
      ["stream.arrow", "lz4.feather", "zstd.feather", "all.feather"].map((name) => golden(`reading/${name}`)),
    run: decoded(".arrow"),
    limitMs: 8000,
  },
  gz: { seeds: () => [golden("reading/rows.csv.gz")], run: records(".csv.gz") },
  zst: { seeds: () => [golden("reading/rows.csv.zst")], run: records(".csv.zst") },
  conll: {
    seeds: () => [bytesOf("-DOCSTART- O\n\nAngela NNP B-PER\nMerkel NNP I-PER\n\nHi\tO\n")],
    run: records(".conll"),
  },
  "evaluation rows": {
    seeds: () => [bytesOf(lines)],
    run: inFile(".jsonl", async (path) => (await readRows(path)).length),
  },
  mail: {
    seeds: () => [bytesOf(mail), bytesOf(`Subject: [list] Re: x\n\n${html}\n`)],
    run: (bytes) => {
      const { subject, body } = decodeMail(bytes, { cleanSource: stripListFooter });
      return stripListTags(subject).length + body.length;
    },
  },
  html: { seeds: () => [bytesOf(html)], run: (bytes) => htmlToText(textOf(bytes)).length },
  wordnet: {
    seeds: () => wordNet.map(bytesOf),
    run: (bytes) => {
      const empty = {
        "index.verb": [],
        "data.verb": [],
        "index.adj": [],
        "data.adj": [],
        "index.adv": [],
        "data.adv": [],
      };
      const files: Record<string, Uint8Array> = {};
      for (const name of Object.keys(empty)) files[name] = new Uint8Array();
      const isIndex = bytes[0] !== 0x30;
      files["index.noun"] = isIndex ? bytes : bytesOf(wordNet[0]);
      files["data.noun"] = isIndex ? bytesOf(wordNet[1]) : bytes;
      return readWordNet(files).synonyms("cars").length;
    },
  },
};

function trainedTokenizer(): object {
  return trainWordPiece(["good morning", "good night", "a b c d"], { vocabSize: 60, minFrequency: 1 })
    .tokenizer;
}

function baseline(): unknown {
  const text = simulateTexts(1);
  const builder = new BaselineBuilder(featuresOf());
  for (let i = 0; i < 300; i++) builder.observe(text(USUAL));
  return builder.build();
}
