import assert from "node:assert/strict";
import { isVersion } from "../../src/bundle/names.ts";
import { RegistryError } from "../../src/registry/errors.ts";
import { bumpVersion, compareVersions, formatVersion, parseVersion } from "../../src/registry/versions.ts";

Deno.test("versions are ordered as semver.org section 11 orders them", () => {
  // The specification's own example, between neighbours.
  const ordered = [
    "0.9.10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
  ];
  const shuffled = ordered.map((_, i) => ordered[(i * 5) % ordered.length]);
  assert.deepEqual(shuffled.sort(compareVersions), ordered);
  assert.equal(compareVersions("1.2.3", "1.2.3"), 0);
});

Deno.test("a version is parsed and written back unchanged", () => {
  for (const text of ["1.0.0", "0.0.0", "10.20.30", "1.0.0-rc.1", "1.0.0-x-y.7.z"]) {
    assert.equal(formatVersion(parseVersion(text)), text);
  }
});

Deno.test("what is no semantic version is refused by name", () => {
  for (
    const text of [
      "",
      "1",
      "1.0",
      "v1.0.0",
      "01.0.0",
      "1.0.0-",
      "1.0.0-01",
      "1.0.0+build",
      "1.0.0\n",
      "1.0.1e3",
      "1.0.99999999999",
      "../1.0.0",
      "1.0.0-" + "a".repeat(100),
    ]
  ) {
    assert.equal(isVersion(text), false, text);
    assert.throws(() => parseVersion(text), RegistryError);
  }
});

Deno.test("a bump raises one number and clears those after it; a pre-release becomes its release", () => {
  assert.equal(bumpVersion("1.2.3", "patch"), "1.2.4");
  assert.equal(bumpVersion("1.2.3", "minor"), "1.3.0");
  assert.equal(bumpVersion("1.2.3", "major"), "2.0.0");
  assert.equal(bumpVersion("2.0.0-rc.1", "patch"), "2.0.0");
  assert.equal(bumpVersion("2.0.0-rc.1", "minor"), "2.0.0");
  assert.equal(bumpVersion("2.0.0-rc.1", "major"), "2.0.0");
  assert.equal(bumpVersion("2.1.1-rc.1", "minor"), "2.2.0");
});
