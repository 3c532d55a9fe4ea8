/**
 * Contextual embeddings of texts from a checkpoint's folder, and BERTScore with them.
 *
 * @module
 */
import { architectureOf, fitWeights, type ModelConfig } from "../../models/index.ts";
import type { Backend, Tensors } from "../backend/interface.ts";
import { type Decomposed, means } from "../statistics/decomposed.ts";
import {
  type BertScoreBaseline,
  bertScoreRows,
  type EncodedText,
  idfWeights,
} from "../evaluate/generation/bert_score.ts";
import type { Graph } from "../graph/graph.ts";
import { collate } from "../tasks/collate.ts";
import { bareBody } from "../tasks/model.ts";
import type { Encoding, Tokenizer } from "../text/tokenizer.ts";
import { bucketPrograms } from "../train/programs.ts";
import { LifecycleError } from "./errors.ts";
import { readPretrained } from "./pretrained.ts";

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
 * Opens a folder with `config.json`, `tokenizer.json` and `model.safetensors` (and `tokenizer_config.json`, where there is
 * one), as Hugging Face's transformers saves a BERT, RoBERTa or DistilBERT with or without a head, and as a bundle of ours
 * has it.
 *
 * @throws {LifecycleError} When a file is missing or too large, or the layer is not there; the readers' own errors when a file is
 * not what it should be.
 */
export async function openEncoder(directory: string, options: EncoderOptions): Promise<Encoder> {
  const pretrained = await readPretrained(directory);
  const { config } = pretrained;
  const { graphs, layers } = hiddenGraphs(config);
  if (layers === 0) {
    throw new LifecycleError(
      `${directory} holds a model of type "${config.modelType}", which has no contextual embeddings: an encoder must ` +
        "be a transformer",
    );
  }
  const layer = options.layer ?? Math.round(layers * 3 / 4);
  if (!(Number.isInteger(layer) && layer >= 0 && layer <= layers)) {
    throw new LifecycleError(`${directory} has layers 0 to ${layers}, and layer ${layer} was asked for`);
  }
  const { tokenizer, tokenizerFiles } = pretrained;
  const before = (tokenizerFiles.tokenizer as { pre_tokenizer?: { type?: unknown } }).pre_tokenizer;
  const spacesBelongToWords = before?.type === "ByteLevel";
  const known = (tokenizerFiles.config as { model_max_length?: unknown }).model_max_length;
  const maxTokens = Math.min(
    options.maxTokens ?? Infinity,
    typeof known === "number" && known >= 1 ? known : Infinity,
    config.maxPositions,
  );
  const graph = graphs(layer);
  const { states } = fitWeights(graph, pretrained.tensors, {
    strict: true,
    architecture: architectureOf(config),
  });
  return encoder({
    ...options,
    tokenizer,
    spacesBelongToWords,
    maxTokens,
    graph,
    states,
    config,
    layer,
    layers,
  });
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

/** Why BERTScore gives rows 0 whatever the texts say, as bert-score does without a word, and what helps. */
export function bertScoreNotes(
  candidates: readonly string[],
  references: readonly (string | readonly string[])[],
  { tokenize, specialIds, idf = false }: Pick<Encoder, "tokenize" | "specialIds"> & {
    readonly idf?: boolean;
  },
): string[] {
  const lists = references.map((entry) =>
    (typeof entry === "string" ? [entry] : entry).map((text) => tokenize(text))
  );
  const isEmpty = (ids: readonly number[]) => ids.length <= specialIds.length;
  const empty = candidates.filter((text, i) => isEmpty(tokenize(text)) || lists[i].some(isEmpty)).length;
  const { weights } = idfWeights(lists.flat());
  const weightless =
    lists.filter((list) => list.every((ids) => ids.every((id) => weights.get(id) === 0))).length;
  return [
    ...empty > 0 ? [`Rows with an empty prediction or reference, which BERTScore gives 0: ${empty}.`] : [],
    ...idf && weightless > 0
      ? [
        `Rows whose tokens weigh nothing: ${weightless}. With idf a token counts by how few references have it, and theirs are ` +
        "in all of them, as where there is one reference or all are alike: such rows score 0, even equal texts; leave " +
        "--option idf out.",
      ]
      : [],
  ];
}

/** A text that is empty for every tokenizer. */
const NOTHING: EncodedText = { ids: [0], embeddings: Float32Array.of(0) };

/**
 * The model up to a layer: output `hidden` f32 `[batch, sequence, hidden size]`. A body marks what goes into each of its
 * layers; what comes behind the mark is left out.
 */
function hiddenGraphs(config: ModelConfig): { layers: number; graphs: (layer: number) => Graph } {
  const { b, body } = bareBody(config);
  const layers = b.boundaries.length;
  return {
    layers,
    graphs(layer) {
      const hidden = b.boundaries[layer] ?? body.hidden;
      const graph = b.graph();
      return { ...graph, nodes: graph.nodes.slice(0, hidden.id + 1), outputs: { hidden }, boundaries: [] };
    },
  };
}

function encoder(
  parts: EncoderOptions & {
    readonly tokenizer: Tokenizer;
    readonly spacesBelongToWords: boolean;
    readonly maxTokens: number;
    readonly graph: Graph;
    readonly states: Tensors;
    readonly config: ModelConfig;
    readonly layer: number;
    readonly layers: number;
  },
): Encoder {
  const { backend, tokenizer, maxTokens, graph, config, layer, layers, batchSize = 32 } = parts;
  const { hiddenSize } = config;
  const programs = bucketPrograms(backend, graph, { label: "encode" });
  const bucketLengths = lengthsUpTo(maxTokens);
  // As bert-score does: without white space around the text, and where spaces belong to words, with one before the first.
  const encodeText = (text: string): Encoding => {
    const stripped = text.trim();
    return tokenizer.encode(parts.spacesBelongToWords && stripped !== "" ? ` ${stripped}` : stripped, {
      maxTokens,
    });
  };
  let waiting: Tensors | undefined = parts.states;
  return {
    hiddenSize,
    layers,
    layer,
    maxTokens,
    specialIds: encodeText("").ids,
    tokenize: (text) => encodeText(text).ids,
    async encode(texts, { signal } = {}) {
      const indexOf = new Map<string, number>();
      for (const text of texts) if (!indexOf.has(text)) indexOf.set(text, indexOf.size);
      const encodings = [...indexOf.keys()].map(encodeText);
      const found: EncodedText[] = new Array(encodings.length);
      const examples = encodings.map((encoding) => ({ encodings: [encoding], target: undefined }));
      const targets = (of: readonly undefined[]) => ({ feeds: {}, weight: of.length });
      const batches = examples.length === 0
        ? []
        : collate(examples, { batchSize, bucketLengths, padId: tokenizer.padId, targets });
      for (const batch of batches) {
        signal?.throwIfAborted();
        const program = await programs.get(batch.bindings);
        if (waiting) await program.write(waiting);
        waiting = undefined;
        const hidden = (await program.run(programs.feeds(batch))).hidden.data as Float32Array; // [B, S, H]
        batch.rows.forEach((index, row) => {
          if (index < 0) return;
          const { ids } = encodings[index];
          const start = row * batch.bindings.sequence * hiddenSize;
          found[index] = { ids, embeddings: hidden.slice(start, start + ids.length * hiddenSize) };
        });
      }
      return texts.map((text) => found[indexOf.get(text)!]);
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
