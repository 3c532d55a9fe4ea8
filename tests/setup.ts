/**
 * What `deno task test` does before the tests: on Linux without a Vulkan driver it installs Mesa's software one, so that
 * the tests of WebGPU run on any machine. It never fails: tests that have no adapter are reported as ignored.
 */
export interface Machine {
  os: typeof Deno.build.os;
  /** whether WebGPU finds an adapter, asked in a fresh process */
  hasAdapter(): Promise<boolean>;
  /** whether Mesa's software driver is there already, in which case installing it again changes nothing */
  hasSoftwareDriver(): Promise<boolean>;
  /** runs a command and says whether it succeeded; false too when there is no such command */
  run(command: string[]): Promise<boolean>;
  isRoot: boolean;
  say(line: string): void;
}

const packages = ["mesa-vulkan-drivers", "libvulkan1"];

/** Sees to it that there is a WebGPU adapter, where that may be done. */
export async function setUp(machine: Machine): Promise<void> {
  if (await machine.hasAdapter()) return;
  const without = (reason: string) =>
    machine.say(`No WebGPU adapter, and ${reason}: WebGPU tests will be reported as ignored.`);
  if (machine.os !== "linux") return without("only on Linux can a software one be installed");
  if (await machine.hasSoftwareDriver()) {
    return without(`the driver in ${packages[0]} is installed already and not found`);
  }
  if (!await machine.run(["apt-get", "--version"])) {
    return without("there is no apt-get to install a software one with");
  }
  const sudo = machine.isRoot ? [] : ["sudo", "-n"];
  if (!machine.isRoot && !await machine.run([...sudo, "true"])) {
    return without(`installing one needs root: apt-get install ${packages.join(" ")}`);
  }
  machine.say(
    `No Vulkan driver: installing Debian's ${packages.join(" and ")}, so that WebGPU tests run in software.`,
  );
  const apt = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"];
  const installed = await machine.run([...apt, "update"]) &&
    await machine.run([...apt, "install", "-y", "--no-install-recommends", ...packages]);
  if (!installed) return without("apt-get could not install one");
  if (!await machine.hasAdapter()) return without("the installed driver gives none");
  machine.say("The software WebGPU adapter is ready.");
}

if (import.meta.main) {
  await setUp({
    os: Deno.build.os,
    isRoot: Deno.uid() === 0,
    hasAdapter() {
      // The driver is looked for once in a process, so one that saw none would not see the new one. Without a Vulkan
      // driver WebGPU may fall back to OpenGL, which lacks what the kernels use.
      const vulkan = Deno.build.os === "linux" && !Deno.env.has("DENO_WEBGPU_BACKEND");
      return run(
        [Deno.execPath(), "eval", "Deno.exit(await navigator.gpu?.requestAdapter() ? 0 : 1)"],
        vulkan ? { DENO_WEBGPU_BACKEND: "vulkan" } : {},
      );
    },
    async hasSoftwareDriver() {
      const folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
      const names = await Promise.all(folders.map(async (folder) => {
        try {
          return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
        } catch {
          return [];
        }
      }));
      return names.flat().some((name) => name.startsWith("lvp_icd"));
    },
    run: (command) => run(command),
    say: (line) => void Deno.stderr.writeSync(new TextEncoder().encode(line + "\n")),
  });
}

async function run([command, ...args]: string[], env: Record<string, string> = {}): Promise<boolean> {
  try {
    const options = { args, env, stdin: "null", stdout: "null", stderr: "piped" } as const;
    const { success, stderr } = await new Deno.Command(command, options).output();
    if (!success && args.includes("apt-get")) await Deno.stderr.write(stderr);
    return success;
  } catch {
    return false;
  }
}
