/**
 * The Worker that tests drift windows. It gets the references and the policy once, and then gets one window at a time.
 *
 * @module
 */
import { firstLine } from "../base/text.ts";
import type { AlertPolicy } from "./policy.ts";
import { createTester, type TestContext, type Tested, type TestedFeature } from "./testing.ts";
import type { WindowCounts } from "./window.ts";

/** What the Worker is sent: first the set-up, then windows. */
export type TesterRequest =
  | { readonly features: readonly TestedFeature[]; readonly policy: AlertPolicy }
  | { readonly window: WindowCounts; readonly context: TestContext };

/** The answer to each window, in order; `failed` says in one line why there are no tests. */
export type TesterReply = { readonly tested: Tested } | { readonly failed: string };

let setUp: Extract<TesterRequest, { features: unknown }> | undefined;
let test: ReturnType<typeof createTester> | undefined;

addEventListener("message", ({ data }: MessageEvent<TesterRequest>) => {
  if ("features" in data) setUp = data;
  else postMessage(replyTo(data));
});

function replyTo({ window, context }: { window: WindowCounts; context: TestContext }): TesterReply {
  try {
    test ??= createTester(setUp!.features, setUp!.policy);
    return { tested: test(window, context) };
  } catch (error) {
    return { failed: firstLine(error) };
  }
}
