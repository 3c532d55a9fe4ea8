/**
 * The contracts that models are served under: one API family, one file, and a line here.
 *
 * @module
 */
import type { Contract } from "./contract.ts";
import { plain } from "./plain.ts";
import { tei } from "./tei.ts";

/** In the order that they are asked and the OpenAPI document lists them: `plain` is last, as it answers for any `/v1/{task}`. */
export const contracts: readonly Contract[] = [tei, plain];
