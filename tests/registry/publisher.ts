// A process that publishes, for the tests that kill it: publisher.ts HOME COUNT TAG [STEP to die after].
import { openRegistry } from "../../src/registry/registry.ts";
import { contents } from "../bundle/fixture.ts";

const [home, count, tag, lastStep] = Deno.args;
const registry = openRegistry(home, {
  onStep(step) {
    if (step === lastStep) Deno.kill(Deno.pid, "SIGKILL");
  },
});
await Deno.stdout.write(new TextEncoder().encode("up\n"));
for (let i = 0; i < Number(count); i++) {
  const { version } = await registry.publish({ name: "spam", files: contents(tag), aliases: ["champion"] });
  await Deno.stdout.write(new TextEncoder().encode(version + "\n"));
}
await registry.close();
