/**
 * What every HTML page has around its content.
 *
 * @module
 */
import { Markup, markup } from "../markup.ts";
import { style } from "../style.ts";

/**
 * A page that is whole by itself: nothing is loaded from anywhere and there is no script.
 *
 * @param title As the browser shows it.
 */
export function pageShell(title: string, body: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>
${new Markup(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.source.replace(/[ \t]+$/gm, "");
}

const POLICY = new Markup("default-src 'none'; style-src 'unsafe-inline'; img-src data:");

const ICON = `data:image/svg+xml,${
  encodeURIComponent([
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
    '<rect width="32" height="32" rx="7" fill="#0f6b80"/>',
    '<path d="M6 22h20M6 16h20M6 10h20" stroke="#fff" stroke-opacity=".4" stroke-width="2"/>',
    '<path d="M9 22h8M15 16h8M17 10h7" stroke="#fff" stroke-width="4" stroke-linecap="round"/></svg>',
  ].join(""))
}`;
