/**
 * The style sheet of the HTML page.
 *
 * @module
 */

/**
 * The page's style sheet. Colours are those of the live page; meaning is never carried by colour alone. Dark is for screens, so
 * that paper stays white.
 */
export const style = `:root {
  color-scheme: light dark; --page: #f3f5f7; --card: #ffffff; --line: #dde3e8; --ink: #16202a; --muted: #56636f;
  --accent: #0f6b80; --range: #8fc3cf; --good: #24703f; --good-soft: #e5f4ea; --bad: #b92b2b; --bad-soft: #fdeaea;
  --warn: #8a5800; --warn-soft: #fff3d6; --even-soft: #eaeef2; --right: #0f7c94; --wrong: #d2691e; --tint: 70%;
  --s0: #0f7c94; --s1: #c2571a; --s2: #6b4fbb; --s3: #4d7a1f; --s4: #a8326e; --s5: #56636f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0d1218; --card: #151c24; --line: #2a3641; --ink: #e7edf3; --muted: #9aa9b7; --accent: #4cc3d9;
    --range: #2a6c7c; --good: #63c98b; --good-soft: #12291d; --bad: #ff8680; --bad-soft: #3a1618; --warn: #f0b95a;
    --warn-soft: #2d230f; --even-soft: #1e2832; --right: #4cc3d9; --wrong: #f0985a; --tint: 42%; --s0: #4cc3d9;
    --s1: #f0985a; --s2: #b09af5; --s3: #9ccb5b; --s4: #f07fb4; --s5: #9aa9b7;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0 auto; max-width: 1160px; padding: 28px 20px 40px; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, dl, dd, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 26px; line-height: 1.2; letter-spacing: -0.015em; }
h2, h3 { font-size: 17px; line-height: 1.3; letter-spacing: -0.005em; }
h2.title { font-size: 22px; }
h4 { font-size: 14px; margin: 18px 0 6px; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
main, article { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; }
header { margin-bottom: 18px; }
article { margin-top: 24px; padding-top: 22px; border-top: 2px solid var(--line); }
footer { margin-top: 22px; color: var(--muted); font-size: 13px; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 26px; margin-top: 12px; }
.facts dt { color: var(--muted); font-size: 12.5px; }
.facts dd { font-size: 14.5px; }
article > .facts { margin-top: -6px; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; min-width: 0;
}
.card > h2, .card > h3 { margin-bottom: 12px; }
.lead { margin-bottom: 10px; color: var(--muted); }
.lead bdi { color: var(--ink); }
.foot { margin-top: 10px; color: var(--muted); font-size: 13px; }
.muted { color: var(--muted); }
.why { display: block; color: var(--muted); font-size: 13px; font-weight: 400; line-height: 1.35; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.contents { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 14px; }

/* verdicts */
.verdicts { display: flex; flex-wrap: wrap; gap: 12px; }
.verdicts > * { flex: 1 1 330px; }
.verdicts:empty { display: none; }
.banner { display: flex; gap: 14px; align-items: flex-start; padding: 15px 18px; border-radius: 10px; border: 1px solid; }
.banner strong { display: block; font-size: 18px; line-height: 1.3; }
.banner p { font-size: 14.5px; }
.banner .sign { width: 30px; height: 30px; margin-top: -2px; }
.good { --tone: var(--good); --soft: var(--good-soft); }
.bad { --tone: var(--bad); --soft: var(--bad-soft); }
.warn { --tone: var(--warn); --soft: var(--warn-soft); }
.even { --tone: var(--muted); --soft: var(--even-soft); }
.banner { background: var(--soft); border-color: var(--tone); }
.banner.even { border-color: var(--line); }
.sign { flex: none; width: 15px; height: 15px; vertical-align: -2px; }
.sign circle { fill: var(--tone, var(--muted)); }
.sign path { fill: none; stroke: var(--card); stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.chip {
  display: inline-flex; align-items: center; gap: 5px; padding: 2px 9px 2px 5px; border-radius: 99px; font-size: 13px;
  font-weight: 600; line-height: 1.4; white-space: nowrap; background: var(--soft, var(--even-soft));
  color: var(--tone, var(--muted));
}
.chip:not(:has(.sign)) { padding-left: 9px; }

/* large figures */
.headline { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 16px; }
.figure h2 { margin: 0; font-size: 15px; font-weight: 600; color: var(--muted); }
.large { font-size: 46px; font-weight: 650; line-height: 1.1; letter-spacing: -0.03em; }
.large small { font-size: 15px; font-weight: 400; letter-spacing: 0; color: var(--muted); }
.between { color: var(--muted); }
.between b { color: var(--ink); }
.drawn { max-width: 460px; margin: 10px 10px 0; }
.figure .foot { margin-top: 4px; }

/* interval bars */
.bar { display: block; overflow: visible; }
.bar .grid { stroke: var(--line); stroke-width: 1; }
.bar .range { fill: var(--range); }
.bar .range.whole { fill: var(--s0); }
.bar .point { fill: var(--accent); stroke: var(--card); stroke-width: 1.5; }
.bar .reference, line.reference { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 2; }
.bar:is(.good, .bad, .warn, .even) .range { fill: var(--tone); opacity: 0.4; }
.bar:is(.warn, .even) .range { opacity: 0.45; }
.bar:is(.good, .bad, .warn, .even) .point { fill: var(--tone); }
.bar .hover { fill: transparent; }
.tick { fill: var(--muted); font-size: 11.5px; }
.plot .tick { font-size: 12px; }

@media (min-width: 921px) {
  /* the lines of one row reach those of the next */
  .of-bar .bar:not(.scale) > :is(.grid, .reference) { transform: scaleY(2.1); transform-origin: center; transform-box: fill-box; }
}

/* tables */
table { border-collapse: collapse; width: 100%; font-size: 14.5px; }
caption { text-align: left; color: var(--muted); font-size: 13.5px; padding-bottom: 8px; }
th { font-weight: 400; text-align: left; }
thead th { color: var(--muted); font-size: 13px; vertical-align: bottom; padding: 0 12px 5px 0; }
tbody th, tbody td { padding: 7px 12px 7px 0; vertical-align: middle; border-top: 1px solid var(--line); }
tr > :last-child { padding-right: 0; }
.of-number { text-align: right; white-space: nowrap; }
.of-range { white-space: nowrap; color: var(--muted); }
.stack { overflow-wrap: break-word; }
th.of-bar, td.of-bar { width: 30%; min-width: 150px; padding: 0 22px; }
td.of-score { padding-right: 42px; padding-bottom: 2px; }
th.of-score { min-width: 130px; }
.score small { color: var(--muted); font-size: 13px; white-space: nowrap; }
.group th { font-size: 13px; color: var(--muted); padding: 16px 0 5px; border-top: 0; }
thead + tbody .group th { padding-top: 4px; }
.group + tr > * { border-top-color: var(--muted); }
.axis td { padding-top: 0; padding-bottom: 0; border: 0; }
.multiples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 14px 40px; }
.multiples caption { color: var(--ink); font-weight: 600; font-size: 14.5px; }
.multiples thead { display: none; }
.multiples th { width: 34%; }
.multiples td.of-bar { width: auto; min-width: 110px; padding: 0 14px; }
.multiples .chip { margin-top: 3px; }
.scroll { overflow-x: auto; }
.latency td.of-bar { width: 60%; padding: 0 10px; }
.canaries th:first-child { width: 20%; }
.canaries td:nth-child(2) { width: 45%; }

/* confusion */
.split { display: flex; flex-wrap: wrap; gap: 8px 48px; align-items: flex-start; }
.split > * { min-width: 0; max-width: 100%; }
.split > .pairs { flex: 1 1 330px; }
.split > .pairs h4 { margin-top: 0; }
.pairs .stack { overflow-wrap: anywhere; }
.matrix { width: auto; overflow-wrap: break-word; border-collapse: separate; border-spacing: 3px; }
.matrix th, .matrix td { border: 0; padding: 6px 10px; text-align: center; vertical-align: middle; }
.matrix thead th { font-size: 14px; color: var(--ink); padding: 2px 6px; max-width: 130px; }
.matrix tbody th { text-align: right; padding-right: 8px; max-width: 150px; }
.matrix thead .corner { font-size: 12px; color: var(--muted); text-align: right; }
.matrix td { border-radius: 6px; min-width: 62px; height: 50px; line-height: 1.2; }
.matrix td small { display: block; font-size: 12px; }
.matrix td.right { background: color-mix(in srgb, var(--right) calc(var(--share) * var(--tint)), var(--card)); }
.matrix td.wrong { background: color-mix(in srgb, var(--wrong) calc(var(--share) * var(--tint)), var(--card)); }
.matrix td.none { color: var(--muted); background: var(--page); }
.matrix td.none b { font-weight: 400; }
.matrix .total { color: var(--muted); min-width: 46px; }
.matrix.many td { min-width: 52px; padding: 4px; }
.matrix.many thead th:not(.corner) {
  writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; max-height: 150px; padding: 6px 2px;
}
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; vertical-align: -1px; }
.key.right { background: var(--right); }
.key.wrong { background: var(--wrong); }
.key.line { height: 0; width: 20px; border-radius: 0; border-top: 2px dashed var(--ink); vertical-align: 4px; }

/* plots */
.side { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
.plot { display: block; width: 100%; max-width: 430px; height: auto; margin: 0 auto; overflow: visible; }
.plot.wide { max-width: 860px; min-width: 640px; }
.plot .grid { stroke: var(--line); stroke-width: 0.8; }
.plot .axis, .frame { stroke: var(--muted); stroke-width: 1; fill: none; }
.plot .name { fill: var(--ink); font-size: 13px; }
.plot .category { fill: var(--ink); }
.line { fill: none; stroke: var(--own); stroke-width: 2.2; stroke-linejoin: round; }
.faint { opacity: 0.45; stroke-width: 1.4; }
.baseline { fill: none; stroke: var(--muted); stroke-width: 1.3; stroke-dasharray: 2 4; }
.s0 { --own: var(--s0); }
.s1 { --own: var(--s1); stroke-dasharray: 7 3; }
.s2 { --own: var(--s2); stroke-dasharray: 2.5 2.5; }
.s3 { --own: var(--s3); stroke-dasharray: 9 3 2 3; }
.s4 { --own: var(--s4); stroke-dasharray: 12 4; }
.s5 { --own: var(--s5); stroke-dasharray: 5 2 1 2 1 2; }
.fill { fill: var(--own); stroke: none; }
.fill.soft { opacity: 0.16; }
.plot .hover { fill: transparent; stroke: none; }
.plot .hover:hover { fill: var(--ink); opacity: 0.1; }
.whisker { stroke: var(--s0); stroke-width: 2; opacity: 0.55; }
.mark .point { fill: var(--s0); stroke: var(--card); stroke-width: 1.5; }
.cell.right { fill: var(--right); }
.cell.wrong { fill: var(--wrong); }
.legend { display: flex; flex-wrap: wrap; gap: 3px 18px; justify-content: center; margin-top: 8px; font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 7px; }

/* folding and texts */
summary { cursor: pointer; color: var(--accent); font-size: 14px; }
details > table, details > .scroll { margin-top: 8px; }
.card > details { margin-top: 10px; }
.plain { width: auto; font-size: 13.5px; }
.plain th, .plain td { padding: 3px 18px 3px 0; text-align: right; }
.plain :is(th, td):first-child { text-align: left; }
.text { display: block; white-space: pre-wrap; line-height: 1.4; font-size: 14px; }
.fold > summary { color: var(--ink); list-style: none; }
.fold > summary::-webkit-details-marker { display: none; }
.fold > summary::after { content: "more"; color: var(--accent); font-size: 13px; text-decoration: underline; }
.fold[open] > summary::after { content: "less"; }
.fold:not([open]) .text {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; line-clamp: 3; overflow: hidden;
  white-space: normal;
}
.example { margin-top: 2px; }
.example .text { font-size: 13px; }
.examples { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px; }
.examples li { padding-top: 12px; border-top: 1px solid var(--line); }
.meta { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 16px; margin-bottom: 4px; font-size: 14.5px; }
.meta .measure { margin-left: auto; color: var(--muted); }
.answer { display: inline-flex; flex-wrap: wrap; gap: 2px 12px; }
.answer .got b { color: var(--bad); }
.notes ul { padding-left: 18px; list-style: disc; display: grid; gap: 4px; }
.notes p { margin-bottom: 6px; }

@media (min-width: 760px) {
  .by2 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .by3 { grid-template-columns: repeat(3, minmax(0, 1fr)); }
}
@media (min-width: 760px) and (max-width: 1000px) {
  .by3 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media screen and (max-width: 700px) {
  body { padding: 18px 12px 28px; }
  .card { padding: 14px; }
  .large { font-size: 40px; }
}
/* tables become lists of cards */
@media screen and (max-width: 920px) {
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack, .stack tbody { display: block; }
  .stack tr {
    display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; padding: 8px 0;
    border-top: 1px solid var(--line);
  }
  .stack tr > * { display: block; padding: 0; border: 0; text-align: left; max-width: 100%; }
  .stack tr > th { flex: 1 0 100%; font-weight: 600; width: auto; }
  .stack caption:not(.hidden) { display: block; }
  .stack td.of-bar { order: 1; flex: 1 0 100%; width: 100%; padding: 4px 12px; }
  .stack td.of-score { flex: 1 0 100%; padding: 0 12px 2px; }
  .stack td:not(.of-bar):not(:empty)[data-label]:not([data-label=""])::before {
    content: var(--label, attr(data-label) " "); color: var(--muted); font-size: 13px; font-weight: 400;
  }
  .stack td:empty, .stack .axis .empty, .stack .axis .of-score ~ .of-score { display: none; }
  .stack .axis { border: 0; padding: 0; }
  .stack .group { border: 0; padding: 10px 0 2px; }
  .stack .group th { font-weight: 400; }
  .stack td .why { display: inline; margin-left: 6px; }
  .multiples, .latency { --label: ""; }
  :is(.multiples, .latency) .stack tr > th { flex: 1 1 40%; }
  .multiples .stack td.of-number { text-align: right; }
  .multiples .stack td .why { display: block; margin: 0; }
  .canaries .stack td:nth-child(2) { flex: 1 0 100%; }
  .meta .measure { margin-left: 0; }
}
@media print {
  :root { --page: #ffffff; }
  body { padding: 0; max-width: none; font-size: 12px; }
  .verdicts > * { flex-basis: 180px; }
  .banner strong { font-size: 15px; }
  .banner p, .text, .contents { font-size: 11.5px; }
  .large { font-size: 34px; }
  .bar .tick { font-size: 8.5px; }
  table { font-size: 11px; }
  .why, .score small, caption, thead th, .foot, .chip { font-size: 10px; }
  tbody th, tbody td { padding: 4px 8px 4px 0; }
  th.of-bar, td.of-bar { min-width: 90px; padding: 0 12px; }
  td.of-score { padding-right: 22px; }
  .multiples { grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); }
  .matrix td { height: 40px; min-width: 50px; }
  .card, .banner { break-inside: avoid; padding: 10px 12px; }
  .card:has(.examples), .card:has(tbody tr:nth-child(12)) { break-inside: auto; }
  tr, .examples li { break-inside: avoid; }
  h2, h3, h4, caption { break-after: avoid; }
  nav { display: none; }
  .fold > summary::after { content: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .by2, .by3 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
`;
