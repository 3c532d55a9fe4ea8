// What the pages for people who change Weir name is there, and each thing is explained once.
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

Deno.test("files that CONTRIBUTING.md and docs/architecture.md name exist, and no section of them stands twice", async () => {
  const files = (await Promise.all(["src", "models", "routes", "tests", "bench"].map(sourcesUnder))).flat();
  for (const page of ["CONTRIBUTING.md", "docs/architecture.md"]) {
    const text = await Deno.readTextFile(new URL(page, root));
    const named = new Set([...text.matchAll(/`([a-z][a-z_/]*\.(?:tsx?|py))`/g)].map(([, path]) => path));
    assert.ok(named.size > 10, `${page} names files`);
    assert.deepEqual([...named].filter((path) => !files.some((file) => file.endsWith(`/${path}`))), [], page);
    const headings = [...text.matchAll(/^#+ .*$/gm)].map(([heading]) => heading);
    assert.deepEqual(headings.filter((heading, i) => headings.indexOf(heading) < i), [], page);
  }
});

async function sourcesUnder(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) found.push(...await sourcesUnder(`${folder}/${name}`));
    else found.push(`/${folder}/${name}`);
  }
  return found;
}
