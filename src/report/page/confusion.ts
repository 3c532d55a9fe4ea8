/**
 * A confusion matrix in the HTML page.
 *
 * @module
 */
import { type Markup, markup, userText } from "../markup.ts";
import { sum } from "../../base/arrays.ts";
import { count, partPercent } from "../numbers.ts";
import { heatMap } from "../plots/heat_map.ts";
import type { ConfusionSection } from "../../evaluate/report.ts";
import { leftOut, scrollable, table } from "./tables.ts";
import { shorten } from "../../base/text.ts";

const MAX_TABLE = 16; // more classes are a picture
const MAX_DRAWN = 80;
const MAX_PAIRS = 10;
const CAPTION =
  "Rows are true classes, columns predicted ones; each cell has its rows and their share of the true class";

/** A confusion matrix: figures in tinted cells where they can be read, squares where they cannot. */
export function confusion(section: ConfusionSection): Markup {
  const { labels } = section;
  const pairs = labels.length > 3 && confusedPairs(section);
  const sign = (word: string) => markup`<span class="key ${word}"></span> ${word}`;
  const meaning = markup`${sign("right")}, ${sign("wrong")}; darker the larger the share of the true class.`;
  const key = markup`<p class="lead">Rows are true classes, columns predicted ones. ${meaning}</p>
`;
  return labels.length <= MAX_TABLE
    ? markup`${key}<div class="split">${matrix(section)}${pairs}</div>`
    : markup`${key}${drawn(section)}${pairs}`;
}

function matrix({ labels, counts, title }: ConfusionSection): Markup {
  const totals = counts.map(sum);
  const columns = labels.map((_, j) => sum(counts.map((row) => row[j])));
  const heading = (label: string) =>
    markup`<span title="${shorten(label, 200)}">${userText(label, 28)}</span>`;
  return markup`<div class="scroll" role="region" aria-label="${title}" tabindex="0">
<table class="matrix ${labels.length > 6 ? "many" : ""}"><caption class="hidden">${CAPTION}</caption>
<thead><tr><th scope="col" class="corner">true \\ predicted</th>${
    labels.map((label) => markup`<th scope="col">${heading(label)}</th>`)
  }<th scope="col" class="total">all</th></tr></thead>
<tbody>${
    counts.map((row, i) =>
      markup`<tr><th scope="row">${heading(labels[i])}</th>${
        row.map((n, j) => {
          const share = n / totals[i];
          const tint = n === 0 ? 0 : Math.round(100 * (0.14 + 0.86 * share)) / 100;
          return markup`<td class="${
            n === 0 ? "none" : i === j ? "right" : "wrong"
          }" style="--share:${tint}"><b>${count(n)}</b>${
            n > 0 && markup`<small>${partPercent(share)}</small>`
          }</td>`;
        })
      }<td class="total">${count(totals[i])}</td></tr>
`
    )
  }<tr><th scope="row" class="total">all</th>${
    columns.map((n) => markup`<td class="total">${count(n)}</td>`)
  }<td class="total">${count(sum(totals))}</td></tr></tbody></table></div>`;
}

function drawn({ labels, counts, title }: ConfusionSection): Markup {
  // The classes with most rows, in the order they have.
  const totals = counts.map(sum);
  const shown = labels.map((_, i) => i).sort((i, j) => totals[j] - totals[i] || i - j).slice(0, MAX_DRAWN)
    .sort((i, j) => i - j);
  const picture = heatMap({
    name: title,
    labels: shown.map((i) => labels[i]),
    counts: shown.map((i) => shown.map((j) => counts[i][j])),
  });
  return markup`${scrollable(title, picture)}${
    leftOut(labels.length, shown.length, "classes, with fewer rows,")
  }`;
}

/** What is taken for what, most often first. */
function confusedPairs({ labels, counts }: ConfusionSection): Markup | undefined {
  const pairs = counts.flatMap((row, i) => {
    const total = sum(row);
    return row.flatMap((n, j) => i === j || n === 0 ? [] : [{ i, j, n, share: n / total }]);
  });
  if (pairs.length === 0) return undefined;
  pairs.sort((a, b) => b.n - a.n || b.share - a.share);
  return markup`<div class="pairs"><h4>Most confused</h4>${
    table({
      caption: "The pairs of classes that are confused most often",
      columns: [
        { label: "true class", cell: ({ i }) => userText(labels[i], 60) },
        { label: "predicted as", cell: ({ j }) => userText(labels[j], 60) },
        { label: "rows", kind: "number", cell: ({ n }) => count(n) },
        { label: "of the class", kind: "number", cell: ({ share }) => partPercent(share) },
      ],
      bodies: [{ rows: pairs.slice(0, MAX_PAIRS) }],
    })
  }</div>`;
}
