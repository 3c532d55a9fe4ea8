import assert from "node:assert/strict";
import { type Machine, setUp } from "./setup.ts";

/** Runs the set-up on a machine that is made up, and gives what it printed and what it ran. */
async function on(machine: Partial<Machine> & { adapters?: boolean[]; fails?: RegExp }) {
  const lines: string[] = [];
  const ran: string[] = [];
  const adapters = machine.adapters ?? [false, true];
  await setUp({
    os: "linux",
    isRoot: true,
    hasAdapter: () => Promise.resolve(adapters.shift() ?? false),
    hasSoftwareDriver: () => Promise.resolve(false),
    run(command) {
      ran.push(command.join(" "));
      return Promise.resolve(!machine.fails?.test(command.join(" ")));
    },
    say: (line) => lines.push(line),
    ...machine,
  });
  return { lines, ran };
}

Deno.test("the set-up does and says nothing where there is an adapter", async () => {
  assert.deepEqual(await on({ adapters: [true] }), { lines: [], ran: [] });
});

Deno.test("the set-up installs Mesa's driver as root, after an update, and says so", async () => {
  const { lines, ran } = await on({});
  const apt = "env DEBIAN_FRONTEND=noninteractive apt-get -q";
  assert.deepEqual(ran, [
    "apt-get --version",
    `${apt} update`,
    `${apt} install -y --no-install-recommends mesa-vulkan-drivers libvulkan1`,
  ]);
  assert.match(lines[0], /installing Debian's mesa-vulkan-drivers and libvulkan1/);
  assert.equal(lines.at(-1), "The software WebGPU adapter is ready.");
});

Deno.test("the set-up uses sudo where that asks for no password", async () => {
  const { ran } = await on({ isRoot: false });
  assert.equal(ran[1], "sudo -n true");
  assert.ok(ran.slice(1).every((command) => command.startsWith("sudo -n ")));
});

Deno.test("where nothing can be installed, the set-up says why and that WebGPU tests will be ignored", async () => {
  const cases: [Parameters<typeof on>[0], RegExp, number][] = [
    [{ os: "windows" }, /only on Linux/, 0],
    [{ hasSoftwareDriver: () => Promise.resolve(true) }, /installed already and not found/, 0],
    [{ fails: /^apt-get/ }, /there is no apt-get/, 1],
    [{ isRoot: false, fails: /^sudo/ }, /needs root: apt-get install mesa-vulkan-drivers libvulkan1/, 2],
    [{ fails: /update/ }, /apt-get could not install one/, 2],
    [{ fails: /install -y/ }, /apt-get could not install one/, 3],
    [{ adapters: [false, false] }, /the installed driver gives none/, 3],
  ];
  for (const [machine, reason, commands] of cases) {
    const { lines, ran } = await on(machine);
    assert.match(lines.at(-1)!, reason);
    assert.match(lines.at(-1)!, /^No WebGPU adapter, and .*: WebGPU tests will be reported as ignored\.$/);
    assert.equal(ran.length, commands, ran.join("; "));
  }
});
