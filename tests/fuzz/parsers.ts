/**
 * Every parser of bytes that may come from anywhere, with good inputs to start from and what it may do with bad ones: read them,
 * or refuse them with an error that is made for a user, within its limits.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { labelsOfConfig } from "../../models/config.ts";
import { parseConfig } from "../../models/index.ts";
import { sseEvent } from "../../routes/event_streams.ts";
import { HttpError } from "../../routes/errors.ts";
import { readJson as readBody } from "../../routes/body.ts";
import { PredictRequestSchema } from "../../routes/contracts/tei.ts";
import { readTuning } from "../../src/backend/gpu/tuning/tuning.ts";
import { UserError } from "../../src/base/errors.ts";
import { jsonProblem } from "../../src/base/json_scan.ts";
import { decodeFingerprints, encodeFingerprints } from "../../src/bundle/fingerprints.ts";
import { parseManifest } from "../../src/bundle/manifest.ts";
import { readStructured } from "../../src/cli/training/config.ts";
import { htmlToText } from "../../src/data/html.ts";
import { decodeMail } from "../../src/data/mime.ts";
import { stripListFooter, stripListTags } from "../../src/data/spam.ts";
import { BaselineBuilder, parseBaseline } from "../../src/drift/mod.ts";
import { readWordNet } from "../../src/evaluate/generation/wordnet.ts";
import { parseCanaries } from "../../src/evaluate/robustness/canaries.ts";
import { createBuilder } from "../../src/graph/graph.ts";
import { hostTensor } from "../../src/graph/dtype.ts";
import { readSafetensors, writeSafetensors } from "../../src/nn/safetensors.ts";
import { readModel } from "../../src/onnx/model.ts";
import { parseTask } from "../../src/people/annotation.ts";
import { parseVersion } from "../../src/registry/versions.ts";
import { parseReport } from "../../src/report/parse.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";
import { CHECKPOINT_FILE, loadCheckpoint, readCheckpointNote } from "../../src/train/checkpoint.ts";
import { featuresOf, simulateTexts, USUAL } from "../drift/simulate.ts";
import { dataParsers, endDecoders } from "./data_parsers.ts";
import { bytesOf, golden, inFile, jsonBytes, type Parser, removeFiles, textOf } from "./parser.ts";
import { sampleReport } from "./seeds.ts";

/** What a reader of files has parsed before it checks. */
const parsed = (bytes: Uint8Array): unknown => {
  const json = textOf(bytes);
  return jsonProblem(json) === undefined ? JSON.parse(json) : undefined;
};
const isSyntax = (error: unknown) => error instanceof SyntaxError;
const sizeOf = (value: unknown) => JSON.stringify(value)?.length ?? 0;

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
  "tokenizer_config.json": {
    seeds: () => [golden("serve/bundle/tokenizer_config.json")],
    run: (bytes) => loadTokenizer(textOf(golden("serve/bundle/tokenizer.json")), textOf(bytes)).vocabSize,
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
  checkpoint: {
    seeds: () => [checkpointBytes()],
    run: inFile(CHECKPOINT_FILE, async (_, folder) => {
      const { losses } = await loadCheckpoint(folder, { states: [weights], settings: SETTINGS });
      return losses.length;
    }),
  },
  "checkpoint's note": {
    seeds: () => [checkpointBytes()],
    run: inFile(CHECKPOINT_FILE, async (_, folder) => sizeOf(await readCheckpointNote(folder))),
  },
  fingerprints: {
    seeds: () => [
      encodeFingerprints({
        parts: [{ part: "train", model: null, hashes: BigUint64Array.of(3n, 7n) }, {
          part: "validation",
          model: "spam 1.0.0",
          hashes: BigUint64Array.of(5n),
        }],
        unknownBases: ["bert"],
      }),
    ],
    run: (bytes) => decodeFingerprints(bytes, (problem) => new UserError(problem)).parts.length,
  },
  "training's options": {
    seeds: () => [
      bytesOf("epochs: 3\nbatch-size: 8 # few\nclean: [html, spaces]\nhead: {hidden: 16}\n"),
      bytesOf("a: &x [1, 2]\nb: *x\nc: >-\n  text\n"),
    ],
    run: inFile("options.yaml", (path) => sizeOf(readStructured(path, { isFile: true }))),
    // The library makes an error of each of ten thousand lines.
    limitMs: 8000,
    // Commander's own, which it shows without a stack.
    allowed: (error) => error instanceof InvalidArgumentError,
  },
  canaries: {
    seeds:
      () => [jsonBytes([{ input: "win", expected: "spam" }, { input: "a", contains: ["b"], minScore: 0.5 }])],
    run: (bytes) => {
      const json = parsed(bytes);
      return Array.isArray(json) ? sizeOf(parseCanaries(json)) : 0;
    },
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
  ...dataParsers,
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

/** Ends what waits for more cases, and removes the files of those before. */
export async function endParsers(): Promise<void> {
  await endDecoders();
  removeFiles();
}

const weights = createBuilder().parameter("w", [2, 2], { kind: "fill", value: 0 });
const SETTINGS = { epochs: 2, optimizer: { name: "adamw" } };

function checkpointBytes(): Uint8Array {
  const place = {
    ...{ run: "0123456789abcdef", step: 2, epoch: 1, batch: 0, epochLossSum: 0, seconds: 1, finished: false },
    epochs: [{ epoch: 1, step: 2, trainLoss: 0.5, evaluation: { accuracy: 0.9, loss: null } }],
    kept: [{ step: 2, file: "epoch-2-0123456789abcdef.safetensors", sha256: "0".repeat(64) }],
  };
  const losses = new Uint8Array(Float32Array.of(0.7, 0.5).buffer).toBase64();
  const record = { format: "weir-checkpoint/3", place, settings: SETTINGS, note: { data: "x" }, losses };
  const states = { w: hostTensor("f32", [2, 2], [1, 2, 3, 4]) };
  return writeSafetensors(states, { metadata: { weir: JSON.stringify(record) } });
}

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
