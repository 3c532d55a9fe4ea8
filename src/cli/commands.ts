/**
 * What `weir` can be told to do.
 *
 * @module
 */

/**
 * The commands as `weir --help` lists them. Each is in a file of its own, which is loaded when the command is called: all of
 * them take a second. What a file exports is called after its command.
 */
export const commands = {
  train: {
    file: "./train.ts",
    description: "train a model on labelled data, score it on what was held out, and register it",
  },
  data: { file: "./data_command.ts", description: "look at data sets, and clean them" },
  predict: {
    file: "./predict.ts",
    description: "answer texts with a registered model: labels, numbers, entities, vectors, as its task is",
  },
  eval: {
    file: "./eval.ts",
    description: "score a model, or a file of predictions, by the metrics of its task",
  },
  score: { file: "./score.ts", description: "score a file of predictions by one metric, with intervals" },
  compare: {
    file: "./compare.ts",
    description: "compare two models, or two files of predictions, on the same rows",
  },
  report: { file: "./report.ts", description: "make a page of reports, or hold them to a gate" },
  export: {
    file: "./export.ts",
    description:
      "write a folder that transformers, transformers.js and onnxruntime load; the ONNX file is made from the weights",
  },
  import: {
    file: "./import.ts",
    description:
      "register a checkpoint as it is, without training: to serve it, and with --data to score and watch it",
  },
  serve: {
    file: "./serve.ts",
    description: "serve a registered model over HTTP, with metrics, drift and a dashboard",
  },
  drift: {
    file: "./drift.ts",
    description: "compare a file's texts, and the model's predictions on them, with the model's baseline",
  },
  registry: { file: "./registry.ts", description: "list, inspect, verify and alias model versions" },
  demo: {
    file: "./demo.ts",
    description:
      "train a spam filter on real mail, score, register and serve it, then watch its traffic change",
  },
  doctor: {
    file: "./doctor_command.ts",
    description: "say what this machine has, and what --device auto would take",
  },
} as const satisfies Readonly<Record<string, { readonly file: string; readonly description: string }>>;
