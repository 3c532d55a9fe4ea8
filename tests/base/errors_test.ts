import assert from "node:assert/strict";
import { ModelError } from "../../models/errors.ts";
import { HttpError } from "../../routes/errors.ts";
import { BackendError } from "../../src/backend/interface.ts";
import { UserError } from "../../src/base/errors.ts";
import { explain, UsageError } from "../../src/cli/output.ts";
import { DataError } from "../../src/data/errors.ts";
import { DriftError } from "../../src/drift/errors.ts";
import { EvaluationError } from "../../src/statistics/errors.ts";
import { SafetensorsError } from "../../src/nn/safetensors.ts";
import { ExportError } from "../../src/onnx/export.ts";
import { ProtobufError } from "../../src/onnx/protobuf.ts";
import { RegistryError } from "../../src/registry/errors.ts";
import { ServeError } from "../../src/serve/errors.ts";
import { StoreError } from "../../src/store/errors.ts";
import { TokenizerError } from "../../src/text/errors.ts";
import { CheckpointError, TrainingError } from "../../src/train/errors.ts";

Deno.test("every error made for a user carries its own name and is shown as its message alone", () => {
  const simple = {
    BackendError,
    CheckpointError,
    DataError,
    DriftError,
    EvaluationError,
    ExportError,
    ModelError,
    ProtobufError,
    RegistryError,
    SafetensorsError,
    TokenizerError,
    TrainingError,
    UsageError,
  };
  const errors: Record<string, Error> = {
    HttpError: new HttpError(400, "Validation", "what is wrong"),
    ServeError: new ServeError("bundle", "what is wrong"),
    StoreError: new StoreError("what is wrong", { reason: "full" }),
  };
  for (const [name, Class] of Object.entries(simple)) errors[name] = new Class("what is wrong");
  for (const [name, error] of Object.entries(errors)) {
    assert.ok(error instanceof UserError && error.userFacing, name);
    assert.equal(error.name, name);
    assert.match(explain(error).line, /^weir: what is wrong(; --help says how)?$/);
  }
});

Deno.test("an error made for a user keeps its cause", () => {
  const cause = new TypeError("deep inside");
  assert.equal(new DataError("what is wrong", { cause }).cause, cause);
});

Deno.test("an error of any other class is a bug and says so", () => {
  assert.match(explain(new TypeError("x is undefined")).line, /^weir: unexpected TypeError: x is undefined/);
});
