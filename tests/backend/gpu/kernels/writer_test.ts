import assert from "node:assert/strict";
import { KernelWriter, maxWorkgroups } from "../../../../src/backend/gpu/kernels/writer.ts";

Deno.test("a kernel of more workgroups than WebGPU allows along a dimension is refused by its name", () => {
  const writer = new KernelWriter();
  assert.equal(writer.kernel("sum", "fn main() {}", [maxWorkgroups, 1, 1]).name, "sum");
  assert.throws(
    () => writer.kernel("sum", "fn main() {}", [1, 1, maxWorkgroups + 1]),
    /Cannot compile sum: it takes 1 x 1 x 65536 workgroups, WebGPU allows 65535 a dimension/,
  );
});
