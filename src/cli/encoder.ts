/**
 * Contextual embeddings of texts from a BERT checkpoint's folder, and BERTScore with them.
 *
 * @module
 */
import { join } from "node:path";
import { type BertConfig, buildBertClassifier } from "../../models/bert.ts";
import { fitWeights, parseConfig } from "../../models/index.ts";
import type { Backend, Tensors } from "../backend/interface.ts";
import { readLimited } from "../base/files.ts";
import { parseJson } from "../base/json.ts";
import { collate } from "../data/collate.ts";
import { type Decomposed, means } from "../evaluate/decomposed.ts";
import {
  type BertScoreBaseline,
  bertScoreRows,
  type EncodedText,
  idfWeights,
} from "../evaluate/generation/bert_score.ts";
import { createBuilder, type Graph } from "../graph/graph.ts";
import { classifierInputs } from "../nn/classifier.ts";
import { readSafetensors } from "../nn/safetensors.ts";
import { bundleLimits } from "../serve/bundle.ts";
import { type Encoding, loadTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { bucketPrograms } from "../train/programs.ts";
import { CommandError } from "./output.ts";

/** How an encoder runs. */
export interface EncoderOptions {
  /** What it runs on; it is not disposed with the encoder. */
  readonly backend: Backend;
  /**
   * The layer whose output is taken, from 0 (the embeddings) to the model's last. Default: three quarters of the layers, which is
   * what correlated best with people's judgements for BERT base (9 of 12) and large (18 of 24), see bert-score's list.
   */
  readonly layer?: number;
  /** Texts computed at once; default 32. */
  readonly batchSize?: number;
  /** The most tokens of a text, special ones included; the rest is cut off. Default: what the tokenizer and the model take. */
  readonly maxTokens?: number;
}

/** A loaded model that embeds texts. */
export interface Encoder {
  /** Numbers of a token's embedding. */
  readonly hiddenSize: number;
  /** Layers of the model. */
  readonly layers: number;
  /** The layer whose output is taken. */
  readonly layer: number;
  /** The most tokens of a text. */
  readonly maxTokens: number;
  /** Ids that every text begins and ends with. */
  readonly specialIds: readonly number[];
  /** Token ids of a text, special ones included. */
  tokenize(text: string): number[];
  /**
   * Embeddings of texts, in their order; of equal texts the same object. All are in memory at once: 4 bytes times hidden size a
   * token.
   *
   * @throws {DOMException} When the signal was aborted on the way.
   */
  encode(texts: readonly string[], options?: { signal?: AbortSignal }): Promise<EncodedText[]>;
  /** Frees the compiled programs. */
  dispose(): Promise<void>;
}

/**
 * Opens a folder with `config.json`, `tokenizer.json` and `model.safetensors` (and `tokenizer_config.json`, where there is one), as
 * Hugging Face's transformers saves a BERT with or without a head, and as a bundle of ours has it.
 *
 * @throws {CommandError} When a file is missing or the layer is not there; the readers' own errors when a file is too large or
 * not what it should be.
 */
export async function openEncoder(directory: string, options: EncoderOptions): Promise<Encoder> {
  const file = async (name: string, limit: number) => {
    const bytes = await readLimited(join(directory, name), limit);
    if (!bytes) {
      throw new CommandError(
        `${
          join(directory, name)
        } is not there; an encoder's folder has config.json, tokenizer.json and model.safetensors`,
      );
    }
    return bytes;
  };
  const config = parseConfig(
    json(await file("config.json", bundleLimits.configBytes), join(directory, "config.json")),
  );
  if (config.modelType !== "bert") {
    throw new CommandError(
      `${directory} holds a model of type "${config.modelType}", which has no contextual embeddings: an encoder must be a bert`,
    );
  }
  const { layers } = config;
  const layer = options.layer ?? Math.round(layers * 3 / 4);
  if (!(Number.isInteger(layer) && layer >= 0 && layer <= layers)) {
    throw new CommandError(`${directory} has layers 0 to ${layers}, and layer ${layer} was asked for`);
  }
  const tokenizerJson = new TextDecoder().decode(await file("tokenizer.json", bundleLimits.tokenizerBytes));
  const settingsPath = join(directory, "tokenizer_config.json");
  const settingsBytes = await readLimited(settingsPath, bundleLimits.configBytes);
  const settings = settingsBytes &&
    json(settingsBytes, settingsPath) as { model_max_length?: unknown } | null;
  const tokenizer = loadTokenizer(tokenizerJson, settings ?? undefined);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new CommandError(
      `${directory}: the tokenizer has ${tokenizer.vocabSize} tokens, the model only ${config.vocabSize}`,
    );
  }
  const known = settings?.model_max_length;
  const maxTokens = Math.min(
    options.maxTokens ?? Infinity,
    typeof known === "number" && known >= 1 ? known : Infinity,
    config.maxPositions,
  );
  const graph = hiddenGraph(config, layer);
  const weightsPath = join(directory, "model.safetensors");
  const { tensors } = readSafetensors(await file("model.safetensors", bundleLimits.modelBytes), {
    name: weightsPath,
  });
  const { states } = fitWeights(graph, tensors, { strict: true });
  return encoder({ ...options, tokenizer, maxTokens, graph, states, config, layer });
}

/** How {@linkcode scoreTexts} scores. */
export interface ScoreTextsOptions {
  /** Whether rare tokens count more, by their frequency in all the references. */
  readonly idf?: boolean;
  /** Of the encoder's layer. */
  readonly baseline?: BertScoreBaseline;
  /** Rows whose embeddings are in memory at once; default 256. */
  readonly chunk?: number;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
  /** Called with the rows done so far. */
  readonly progress?: (rows: number) => void;
}

/**
 * BERTScore of texts: `bertScoreRows`, with the embeddings of a few rows in memory at a time.
 *
 * @throws {EvaluationError} When lengths differ or a row has no reference.
 */
export async function scoreTexts(
  encoder: Encoder,
  candidates: readonly string[],
  references: readonly (string | readonly string[])[],
  options: ScoreTextsOptions = {},
): Promise<Decomposed> {
  const { chunk = 256, baseline, signal } = options;
  const { specialIds } = encoder;
  const lists = references.map((entry) => typeof entry === "string" ? [entry] : entry);
  const idf = options.idf && lists.length > 0
    ? idfWeights(lists.flat().map((text) => encoder.tokenize(text)))
    : undefined;
  if (candidates.length !== lists.length || lists.some((list) => list.length === 0)) {
    return bertScoreRows(candidates.map(() => NOTHING), lists.map((l) => l.map(() => NOTHING)), {
      specialIds,
    });
  }
  const values = new Float64Array(candidates.length * 3);
  for (let start = 0; start < candidates.length; start += chunk) {
    const own = candidates.slice(start, start + chunk), others = lists.slice(start, start + chunk);
    const encoded = await encoder.encode([...own, ...others.flat()], { signal });
    let at = own.length;
    const grouped = others.map((list) => encoded.slice(at, at += list.length));
    const { rows } = bertScoreRows(encoded.slice(0, own.length), grouped, { specialIds, idf, baseline });
    values.set(rows, start * 3);
    options.progress?.(start + own.length);
  }
  return means(["precision", "recall", "f1"], values);
}

/** A text that is empty for every tokenizer. */
const NOTHING: EncodedText = { ids: [0], embeddings: Float32Array.of(0) };

/**
 * The model up to one layer: output `hidden` f32 `[batch, sequence, hidden size]`. The model marks what goes into each of its layers;
 * what comes behind the mark is left out, and one layer more is built so that there is a mark behind the last.
 */
function hiddenGraph(config: BertConfig, layer: number): Graph {
  const b = createBuilder();
  buildBertClassifier(b, { ...config, layers: layer + 1 }, classifierInputs(b), { wholeLastLayer: true });
  const hidden = b.boundaries[layer];
  b.output("hidden", hidden);
  const graph = b.graph();
  return { ...graph, nodes: graph.nodes.slice(0, hidden.id + 1) };
}

function encoder(
  parts: EncoderOptions & {
    readonly tokenizer: Tokenizer;
    readonly maxTokens: number;
    readonly graph: Graph;
    readonly states: Tensors;
    readonly config: BertConfig;
    readonly layer: number;
  },
): Encoder {
  const { backend, tokenizer, maxTokens, graph, config, layer, batchSize = 32 } = parts;
  const { hiddenSize } = config;
  const programs = bucketPrograms(backend, graph, { label: "encode" });
  const bucketLengths = lengthsUpTo(maxTokens);
  const encodeText = (text: string): Encoding => tokenizer.encode(text, { maxTokens });
  let waiting: Tensors | undefined = parts.states;
  return {
    hiddenSize,
    layers: config.layers,
    layer,
    maxTokens,
    specialIds: encodeText("").ids,
    tokenize: (text) => encodeText(text).ids,
    async encode(texts, { signal } = {}) {
      const places = new Map<string, number>();
      for (const text of texts) if (!places.has(text)) places.set(text, places.size);
      const encodings = [...places.keys()].map(encodeText);
      const found: EncodedText[] = new Array(encodings.length);
      const examples = encodings.map(({ ids, typeIds }) => ({ ids, typeIds, label: 0 }));
      const batches = examples.length === 0
        ? []
        : collate(examples, { batchSize, bucketLengths, padId: tokenizer.padId });
      for (const batch of batches) {
        signal?.throwIfAborted();
        const program = await programs.get(batch);
        if (waiting) await program.write(waiting);
        waiting = undefined;
        const hidden = (await program.run(programs.feeds(batch))).hidden.data as Float32Array; // [B, S, H]
        batch.indices.forEach((index, row) => {
          if (index < 0) return;
          const { ids } = encodings[index];
          const start = row * batch.sequence * hiddenSize;
          found[index] = { ids, embeddings: hidden.slice(start, start + ids.length * hiddenSize) };
        });
      }
      return texts.map((text) => found[places.get(text)!]);
    },
    dispose: () => programs.dispose(),
  };
}

/** 16, 32, 64 ... and the longest. */
function lengthsUpTo(maxTokens: number): number[] {
  const lengths = [];
  for (let length = 16; length < maxTokens; length *= 2) lengths.push(length);
  return [...lengths, maxTokens];
}

function json(bytes: Uint8Array, path: string): unknown {
  return parseJson(bytes, (problem) => new CommandError(`${path}: ${problem}`));
}
