/**
 * The contracts that models are served under: one API family, one file, and a line here.
 *
 * @module
 */
import type { Contract } from "./contract.ts";
import { plain } from "./plain.ts";
import { tei } from "./tei.ts";

/** In the order that the OpenAPI document lists them. */
export const contracts: readonly Contract[] = [tei, plain];
