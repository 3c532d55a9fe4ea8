/**
 * The best tiles of packed halves measured on an H200 by `bench/tune_matmul.ts --f16`; figures in
 * bench/results/half_products.md.
 *
 * @module
 */
import type { TuningFile } from "./tuning.ts";

/** Products of BERT's training steps at 2,048 tokens, hidden sizes 768 and 384, and a square. */
export const h200: TuningFile = {
  adapter: "NVIDIA H200",
  products: {},
  halves: {
    "nt 2048x768x768": "64x64",
    "nt 2048x2304x768": "64x64",
    "nt 2048x3072x768": "128x128",
    "nt 2048x768x3072": "128x128/4",
    "nn 2048x768x768": "64x64",
    "nn 2048x768x2304": "64x128/4",
    "nn 2048x768x3072": "64x128/4",
    "nn 2048x3072x768": "64x128",
    "tn 768x768x2048": "64x64/8",
    "tn 2304x768x2048": "64x64/3",
    "tn 3072x768x2048": "64x64/2",
    "tn 768x3072x2048": "64x64/2",
    "nt 2048x384x384": "64x32",
    "nt 2048x1152x384": "64x64",
    "nt 2048x1536x384": "64x64",
    "nt 2048x384x1536": "64x64/2",
    "nn 2048x384x384": "32x64",
    "nn 2048x384x1152": "64x64/2",
    "nn 2048x384x1536": "64x64/2",
    "nn 2048x1536x384": "64x64",
    "tn 384x384x2048": "64x64/11",
    "tn 1152x384x2048": "64x64/6",
    "tn 1536x384x2048": "64x64/8",
    "tn 384x1536x2048": "64x64/9",
    "nt 4096x4096x4096": "128x128",
  },
};
