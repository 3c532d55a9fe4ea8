/**
 * A checkpoint from elsewhere as a registered bundle, as it is: its weights, its tokenizer, its head, and the ONNX file that
 * servers load.
 *
 * @module
 */
import { join } from "node:path";
import { architectureOf, fitWeights } from "../../models/index.ts";
import type { Backend } from "../backend/interface.ts";
import { readLimited } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { encodeFingerprints, FINGERPRINTS_FILE } from "../bundle/fingerprints.ts";
import type { BundleContent } from "../bundle/writer.ts";
import type { Baseline } from "../drift/mod.ts";
import { openStore } from "../store/sqlite.ts";
import { forwardGraph, type ModelSpec } from "../tasks/model.ts";
import { queryCleaner } from "../tasks/clean_query.ts";
import { servedTasks, type TaskName } from "../tasks/served.ts";
import type { Columns, Row, Scores } from "../tasks/task.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { createRun } from "../track/runs.ts";
import { baselineOf } from "./baseline.ts";
import { baselineFile, bundleFiles } from "./export.ts";
import { LifecycleError } from "./errors.ts";
import { evaluateRows, judge } from "./fit.ts";
import { encodeRow } from "./prepare.ts";
import { checkpointLimits, maxTokensIn, type Pretrained, readPretrained, specOf } from "./pretrained.ts";
import { publishBundle, type PublishTarget } from "./publish.ts";
import { pairColumnOf } from "./rows.ts";

/** Where an imported checkpoint goes, and what it is measured on. */
export interface ImportOptions extends PublishTarget {
  /** What lineage calls it; the folder's name unless given. */
  readonly base?: string;
  /** Of a folder that says nothing of its task. */
  readonly task?: TaskName;
  /** Rows of the model's task: with them, there are metrics and a drift baseline. */
  readonly data?: {
    /** `columns` are those below and, unless they say it, where the model had the second text of a pair. */
    rows(spec: ModelSpec, columns: Partial<Columns>): Promise<readonly Row<unknown>[]>;
    /** Those that the rows are read from, where they are called otherwise than the task calls them. */
    readonly columns?: Partial<Columns>;
    readonly backend: Backend;
    readonly batchSize: number;
  };
}

/** What was imported. */
export interface ImportResult {
  readonly version: string;
  readonly path: string;
  readonly spec: ModelSpec;
  readonly maxTokens: number;
  /** Where there were rows. */
  readonly scores?: Scores;
}

/**
 * Registers a checkpoint's folder without training.
 *
 * @throws {LifecycleError} when a file is missing, the folder says nothing of a head, or the tokenizer is another model's.
 * @throws {ModelError} when a weight is missing.
 */
export async function importCheckpoint(directory: string, options: ImportOptions): Promise<ImportResult> {
  const { output, data, name } = options;
  const store = openStore(join(options.home, "weir.db"));
  try {
    const pretrained = await readPretrained(directory, options.base);
    const spec = await specOf(directory, pretrained, options);
    const maxTokens = await maxTokensIn(directory, pretrained);
    const { states: weights } = fitWeights(forwardGraph(spec), pretrained.tensors, {
      strict: true,
      architecture: architectureOf(spec.config),
    });
    output.progress(
      `${pretrained.name}: ${spec.task}, ${
        trainedTasks[spec.task].describeHead(spec.head)
      }; texts of ${maxTokens} tokens`,
    );
    const files = await filesOf(directory, { spec, pretrained, maxTokens, weights });
    const known = pairColumnOfModel(spec, pretrained);
    const columns = { ...data?.columns, pair: data?.columns?.pair ?? known ?? undefined };
    const cleaning = pretrained.manifest?.cleaning;
    const clean = queryCleaner(servedTasks[spec.task], cleaning);
    const rows = (await data?.rows(spec, columns))
      ?.map((row) => ({ ...row, queries: row.queries.map(clean) }));
    const measured = data && await measure(rows!, { ...data, spec, pretrained, maxTokens, weights });
    if (measured && !measured.baseline) {
      output.progress(
        "warning: the rows are too few for a drift baseline: this version can be served, but not watched",
      );
    }
    const device = data?.backend.device ?? "none";
    const run = await createRun(store, {
      name,
      params: { imported: pretrained.name, device },
      onWarning: (message) => output.progress(`warning: ${message}`),
    });
    const { metrics = {} } = measured?.scores ?? {};
    run.logMetrics(
      0,
      Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [`test/${name}`, value])),
    );
    try {
      const published = await publishBundle(
        {
          spec,
          files: {
            ...files,
            ...baselineFile(measured?.baseline),
            ...(pretrained.fingerprints &&
              { [FINGERPRINTS_FILE]: encodeFingerprints(pretrained.fingerprints) }),
          },
          lineage: {
            runId: run.id,
            dataHash: null,
            baseModel: pretrained.name,
            baseModelHash: pretrained.hash,
            method: "imported",
            seed: 0,
            device,
            epochs: 0,
            steps: 0,
            trainSeconds: 0,
          },
          metrics,
          maxTokens,
          pairColumn: rows ? pairColumnOf(rows, columns) : known,
          cleaning,
        },
        options,
      );
      await run.finish("FINISHED");
      return { ...published, spec, maxTokens, scores: measured?.scores };
    } catch (error) {
      await run.finish("FAILED");
      throw error;
    }
  } finally {
    await store.close();
  }
}

/** As far as it is known without rows: the folder may say it, and a task of several queries a row reads them one by one. */
function pairColumnOfModel({ task }: ModelSpec, { manifest }: Pretrained): string | null | undefined {
  return servedTasks[task].queriesPerRow > 1 ? null : manifest?.pairColumn;
}

/** A checkpoint, and what was read off it. */
interface Imported {
  readonly spec: ModelSpec;
  readonly pretrained: Pretrained;
  readonly maxTokens: number;
  /** By our names. */
  readonly weights: Parameters<typeof bundleFiles>[0]["weights"];
}

/** A bundle's files; what the folder has of them is taken as it is. */
async function filesOf(
  directory: string,
  { spec, pretrained, maxTokens, weights }: Imported,
): Promise<Record<string, BundleContent>> {
  const made = bundleFiles({ spec, weights, tokenizerFiles: pretrained.tokenizerFiles, maxTokens });
  const kept: Record<string, BundleContent> = { "config.json": pretrained.configJson };
  for (const file of ["model.safetensors", ...trainedTasks[spec.task].headFiles ?? []]) {
    const bytes = await readLimited(join(directory, file), checkpointLimits.weights);
    if (bytes) kept[file] = bytes;
    if (bytes && file === "model.safetensors" && `sha256:${sha256(bytes)}` !== pretrained.hash) {
      throw new LifecycleError(`${join(directory, file)} was changed while it was read: import it again`);
    }
  }
  return { ...made, ...kept };
}

/** How good the model is on rows, and the drift baseline of them. */
async function measure(
  rows: readonly Row<unknown>[],
  { spec, pretrained, maxTokens, weights, backend, batchSize }: Imported & {
    backend: Backend;
    batchSize: number;
  },
): Promise<{ scores: Scores; baseline: Baseline | undefined }> {
  const { tokenizer } = pretrained;
  const encoded = rows.map((row) => encodeRow(row, { ...spec, tokenizer, maxTokens }));
  const data = { tokenizer, maxTokens, parts: { train: encoded, validation: encoded, test: encoded } };
  const [evaluated] = await evaluateRows(spec, data, [encoded], { backend, batchSize, weights });
  // Each row counts once: as it was answered.
  const baseline = baselineOf(spec, { tokenizer, parts: { ...data.parts, train: [] } }, evaluated);
  return { scores: judge(spec, encoded, evaluated, { resamples: 1000 }), baseline };
}
