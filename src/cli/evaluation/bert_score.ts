/**
 * BERTScore of a file's texts, with an encoder from a folder.
 *
 * @module
 */
import type { ScoredChoice } from "../../evaluate/tasks/evaluate.ts";
import { type Pair, predictedTexts, referenceTexts } from "../../evaluate/tasks/pairs.ts";
import { type DeviceChoice, openBackend, pickDevice } from "../device.ts";
import { bertScoreNotes, openEncoder, scoreTexts } from "../../lifecycle/encoder.ts";
import type { Output } from "../output.ts";

/** How texts are embedded. */
export interface BertScoreFlags {
  readonly device: DeviceChoice;
  readonly output: Output;
  /** Layer whose output is taken; default three quarters of the depth. */
  readonly layer?: number;
  /** Weigh tokens by how rare they are in the references. */
  readonly idf?: boolean;
}

/** Precision, recall and F1 of embeddings matched greedily, of all rows. */
export async function bertScoreOf(
  folder: string,
  pairs: readonly Pair[],
  flags: BertScoreFlags,
): Promise<ScoredChoice> {
  const { output, idf = false } = flags;
  const { device, why } = await pickDevice(flags.device);
  const backend = await openBackend(device);
  try {
    const encoder = await openEncoder(folder, { backend, layer: flags.layer });
    output.progress(`BERTScore on ${device} (${why}), layer ${encoder.layer} of ${encoder.layers}`);
    try {
      const candidates = predictedTexts(pairs), references = referenceTexts(pairs);
      const rows = await scoreTexts(encoder, candidates, references, { idf });
      const notes = bertScoreNotes(candidates, references, { ...encoder, idf });
      const named = { ...rows, names: ["bertScorePrecision", "bertScoreRecall", "bertScore"] };
      return {
        scored: {
          rows: named,
          info: (name) => ({
            label: name.replace("bertScore", "BERTScore ").trim().replace("Precision", "precision").replace(
              "Recall",
              "recall",
            ),
            better: "higher",
          }),
          signature: `layer:${encoder.layer}|idf:${idf ? "yes" : "no"}|rescaled:no|weir`,
          ...(notes.length > 0 && { notes }),
        },
        metrics: [{ name: "bertScore", why: "Matches words by meaning: a good paraphrase is not punished." }],
      };
    } finally {
      await encoder.dispose();
    }
  } finally {
    await backend.dispose();
  }
}
