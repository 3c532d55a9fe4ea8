/**
 * The Worker that tests drift windows. It gets the references and the policy once, and then gets one window at a time.
 *
 * @module
 */
import type { AlertPolicy } from "./policy.ts";
import { createTester, type FeatureTest, type TestedFeature } from "./testing.ts";
import type { WindowCounts } from "./window.ts";

/** What the Worker is sent: first the set-up, then windows. */
export type TesterRequest =
  | { readonly features: readonly TestedFeature[]; readonly policy: AlertPolicy }
  | { readonly window: WindowCounts };

/** The answer to each window, in order. */
export interface TesterReply {
  readonly tests: readonly FeatureTest[];
}

let test: ((window: WindowCounts) => FeatureTest[]) | undefined;

addEventListener("message", ({ data }: MessageEvent<TesterRequest>) => {
  if ("features" in data) test = createTester(data.features, data.policy);
  else postMessage({ tests: test!(data.window) } satisfies TesterReply);
});
