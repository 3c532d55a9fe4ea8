/**
 * What a run keeps on the disk, and the messages about it.
 *
 * @module
 */
import type { HostTensor, NodeOf } from "../graph/graph.ts";
import {
  type Checkpoint,
  CHECKPOINT_FILE,
  hasCheckpoint,
  type KeptEpoch,
  loadCheckpoint,
  loadEpoch,
  saveCheckpoint,
  saveEpoch,
  type Settings,
} from "./checkpoint.ts";
import { CheckpointError } from "./errors.ts";
import type { CheckpointOptions } from "./options.ts";

/** The checkpoint of one run; without a directory it keeps nothing. */
export interface Keeper {
  readonly directory: string | undefined;
  /** Where the checkpoint is. */
  readonly path: string;
  /** Reads the checkpoint to go on from, where that was asked for and there is one. */
  resume(): Promise<Checkpoint | undefined>;
  /** Writes a checkpoint and returns its path. */
  save(checkpoint: Checkpoint): Promise<string>;
  /** Writes an epoch's parameters. */
  saveEpoch(epoch: {
    readonly run: string;
    readonly step: number;
    readonly parameters: Record<string, HostTensor>;
  }): Promise<KeptEpoch>;
  /** Reads an epoch's parameters. */
  loadEpoch(kept: KeptEpoch): Promise<Record<string, HostTensor>>;
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

  /** Says of something that cannot be written what there is to go on from. */
  async function saving<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      const what = savedStep !== undefined
        ? `then resume: the checkpoint of step ${savedStep} is whole`
        : await hasCheckpoint(directory!)
        ? "then train again: nothing of this run is saved yet, and the checkpoint of an earlier one there is as it was"
        : "then train again: nothing of this run is saved yet";
      throw new CheckpointError(
        `${error.message}. Free some space or make the folder writable, ${what}`,
        { cause: error },
      );
    }
  }

  return {
    directory,
    path,
    async resume() {
      if (!directory || !checkpoint?.resume || !await hasCheckpoint(directory)) return undefined;
      const loaded = await loadCheckpoint(directory, run);
      savedStep = loaded.place.step;
      return loaded;
    },
    async save(saved) {
      const all = { ...saved, settings: run.settings, note: checkpoint?.note };
      await saving(() => saveCheckpoint(directory!, all));
      savedStep = saved.place.step;
      return path;
    },
    saveEpoch: (epoch) => saving(() => saveEpoch(directory!, epoch)),
    loadEpoch: (kept) => loadEpoch(directory!, kept),
    resumeAdvice() {
      if (!directory) return "Nothing was saved, since this run writes no checkpoint: begin it anew";
      if (savedStep === undefined) return "No checkpoint was written yet";
      return `The last checkpoint, of step ${savedStep}, is ${path}; to go on, ${resumeHint}`;
    },
    lastGood: () =>
      !directory
        ? "This run writes no checkpoint"
        : savedStep === undefined
        ? "No checkpoint was written yet"
        : `The last good checkpoint, of step ${savedStep}, is ${path}`,
    interrupted(step, totalSteps) {
      const at = `interrupted at step ${step} of ${totalSteps}`;
      return directory ? `${at}; saved ${path}. To go on, ${resumeHint}` : `${at}; nothing was saved`;
    },
  };
}
