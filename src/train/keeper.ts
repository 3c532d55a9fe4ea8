/**
 * What a run keeps on the disk, and the messages about it.
 *
 * @module
 */
import type { HostTensor, NodeOf } from "../graph/graph.ts";
import type { EpochRecord } from "./best.ts";
import {
  type Checkpoint,
  CHECKPOINT_FILE,
  hasCheckpoint,
  loadBest,
  loadCheckpoint,
  saveBest,
  saveCheckpoint,
  type Settings,
} from "./checkpoint.ts";
import type { CheckpointOptions } from "./options.ts";

/** A checkpoint to go on from, and the best epoch's parameters. */
export interface Resumed extends Checkpoint {
  readonly best?: { readonly record: EpochRecord; readonly parameters: Record<string, HostTensor> };
}

/** The checkpoint of one run; without a directory it keeps nothing. */
export interface Keeper {
  readonly directory: string | undefined;
  /** Where the checkpoint is. */
  readonly path: string;
  /** Reads the checkpoint to go on from, where that was asked for and there is one. */
  resume(): Promise<Resumed | undefined>;
  /** Writes a checkpoint and returns its path. */
  save(checkpoint: Checkpoint): Promise<string>;
  /** Writes the best epoch's parameters. */
  saveBest(step: number, parameters: Record<string, HostTensor>): Promise<void>;
  /** The last checkpoint and how to go on from it, for a message. */
  resumeAdvice(): string;
  /** The last good checkpoint. */
  lastGood(): string;
  /** The message when a run is interrupted. */
  interrupted(step: number, totalSteps: number): string;
}

/** The keeper of a run with these options, states and settings. */
export function createKeeper(
  options: { readonly checkpoint?: CheckpointOptions; readonly resumeHint?: string },
  run: { readonly states: readonly NodeOf<"state">[]; readonly settings: Settings },
): Keeper {
  const { checkpoint, resumeHint = "run the same command with --resume" } = options;
  const directory = checkpoint?.directory;
  const path = `${directory}/${CHECKPOINT_FILE}`;
  let savedStep: number | undefined;
  return {
    directory,
    path,
    async resume() {
      if (!directory || !checkpoint?.resume || !await hasCheckpoint(directory)) return undefined;
      const loaded = await loadCheckpoint(directory, run);
      const { bestStep, epochs, step } = loaded.place;
      savedStep = step;
      const record = bestStep === null ? undefined : epochs.find((epoch) => epoch.step === bestStep);
      return record
        ? { ...loaded, best: { record, parameters: await loadBest(directory, record.step) } }
        : loaded;
    },
    async save(saved) {
      await saveCheckpoint(directory!, { ...saved, settings: run.settings, note: checkpoint?.note });
      savedStep = saved.place.step;
      return path;
    },
    async saveBest(step, parameters) {
      if (directory) await saveBest(directory, { step, parameters });
    },
    resumeAdvice() {
      if (!directory) return "Nothing was saved: no checkpoint directory was given";
      if (savedStep === undefined) return "No checkpoint was written yet";
      return `The last checkpoint, of step ${savedStep}, is ${path}; to go on, ${resumeHint}`;
    },
    lastGood: () =>
      savedStep === undefined
        ? "No checkpoint was written yet"
        : `The last good checkpoint, of step ${savedStep}, is ${path}`,
    interrupted(step, totalSteps) {
      const at = `interrupted at step ${step} of ${totalSteps}`;
      return directory
        ? `${at}; saved ${path}. To go on, ${resumeHint}`
        : `${at}; nothing was saved: no checkpoint directory was given`;
    },
  };
}
