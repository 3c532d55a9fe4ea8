/**
 * Text regression as it is served: the one logit is the answer, in the unit of the data.
 *
 * @module
 */
import { z } from "zod";
import { readNumber } from "../../data/example.ts";
import { numberFeatures, type ObservedNumber } from "../../drift/features/number.ts";
import { type ObservedText, textFeatures } from "../../drift/features/text.ts";
import { observeText } from "../observe.ts";
import { finiteOutput } from "../outputs.ts";
import type { ServedTask } from "../task.ts";
import { encodeText, queryOf } from "../text_input.ts";
import { judgeNumbers, type NumberAnswer, numberAnswer, type NumberHead, numberHead } from "./schema.ts";

/** The task. */
export const textRegression: ServedTask<NumberHead, number, NumberAnswer, ObservedText & ObservedNumber> = {
  name: "text-regression",
  title: "text regression",
  pipelineTag: "text-classification",
  queriesPerRow: 1,
  columns: { text: "text", label: "score" },
  evaluation: "regression",
  // R² orders epochs as the squared error does that is minimised, offset and spread included, which a correlation does not see.
  // Other than the error, it has no unit, so that a difference too small to count can be named.
  bestBy: { metric: "r2", better: "higher", tolerance: 0.02 },
  headline: ["r2", "rmse", "mae"],
  head: numberHead,
  queries: (record, where, columns) => [queryOf(record, where, columns)],
  target: (record, where, columns) => readNumber(record, where, columns.label),
  outputs: ["logits"],
  parameters: z.looseObject({}),
  answer: numberAnswer,
  encode: encodeText,
  decode(outputs, { head: { labels: [label] } }) {
    const [score] = finiteOutput(outputs, "logits", 1).data;
    return [{ label, score }];
  },
  describe: ([{ score }]) => String(Number(score.toPrecision(6))),
  observe(query, encoding, outputs) {
    return {
      ...observeText(query, encoding),
      predicted: outputs && finiteOutput(outputs, "logits", 1).data[0],
    };
  },
  features: (tokenizer) => [...textFeatures(tokenizer), ...numberFeatures()],
  judge: judgeNumbers,
  pair: (reference, [[{ score }]]) => ({ prediction: score, reference }),
};
