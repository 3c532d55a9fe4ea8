/**
 * A process that runs command lines one after the other, to be killed in the middle of one: each line of standard input is a
 * list of arguments as JSON, and answered by a line with the exit code, the result and the progress. For `resume_trials.ts`.
 *
 * @module
 */
import { main } from "../src/cli/main.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const { writeSync } = Deno.stdout;
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    const [stdout, stderr] = [taken(Deno.stdout), taken(Deno.stderr)];
    const code = await main(JSON.parse(line));
    writeSync.call(
      Deno.stdout,
      encoder.encode(`${JSON.stringify({ code, stdout: stdout(), stderr: stderr() })}\n`),
    );
  }
}

/** Takes what is written to a stream from now on. */
function taken(stream: { writeSync(bytes: Uint8Array): number }): () => string {
  let text = "";
  stream.writeSync = (bytes) => {
    text += decoder.decode(bytes, { stream: true });
    return bytes.length;
  };
  return () => text;
}
