/**
 * Trying a model on the page: `POST /ui/try` answers with the answer as it is drawn.
 *
 * @module
 */
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { JSX } from "hono/jsx/jsx-runtime";
import { ask, checkForm } from "../answer.ts";
import { readJson } from "../body.ts";
import { findModel, type Models, type ServedModel } from "../models.ts";

const form = z.object({ text: z.string(), text_pair: z.string().optional() });

/** POST /ui/try. */
export function tryRoute(app: OpenAPIHono, { served, bodyBytes }: Models): void {
  app.post("/ui/try", async (c) => {
    const model = findModel(served, c.req.query("model"), c.req.query("version"));
    const { text, text_pair } = checkForm(form, await readJson(c.req.raw, bodyBytes));
    const query = text_pair === undefined ? text : [text, text_pair] as const;
    const { answers: [answer], headers } = await ask(c, model, [query], {});
    return c.html(String(<Answer answer={answer} task={model.service.task} />), 200, headers);
  });
}

const ranking = z.array(z.strictObject({ label: z.string(), score: z.number() })).min(1);

/** A ranking as bars; any other answer as the task puts it in a line, with the answer itself below. */
function Answer({ answer, task }: { answer: unknown; task: ServedModel["service"]["task"] }): JSX.Element {
  const ranked = ranking.safeParse(answer);
  if (ranked.success) return <Ranking rows={ranked.data} />;
  return (
    <>
      <p>{task.describe(answer)}</p>
      <pre>{JSON.stringify(answer, undefined, 2).slice(0, 10_000)}</pre>
    </>
  );
}

function Ranking({ rows }: { rows: z.infer<typeof ranking> }): JSX.Element {
  return (
    <>
      {rows.slice(0, 8).map(({ label, score }, i) => (
        <div class={i === 0 ? "score best" : "score"}>
          <span>{label}</span>
          <svg class="score-track" aria-hidden="true">
            <rect width={`${(Math.min(1, Math.max(0, score)) * 100).toFixed(2)}%`} height="100%" />
          </svg>
          <b>{`${(score * 100).toFixed(1)}%`}</b>
        </div>
      ))}
    </>
  );
}
