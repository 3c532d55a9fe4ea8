import assert from "node:assert/strict";
import { shorten } from "../../src/base/text.ts";
import { visible } from "../../src/base/text.ts";
import { markup, userText } from "../../src/report/markup.ts";

Deno.test("what is put into a template is escaped, in elements and in attributes", () => {
  const hostile = `<script>alert("1")</script> & ' \``;
  const { source } = markup`<p title="${hostile}">${hostile}</p>`;
  const escaped = "&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39; &#96;";
  assert.equal(source, `<p title="${escaped}">${escaped}</p>`);
});

Deno.test("markup, lists of it and numbers go in as they are; nothing is written for undefined and false", () => {
  const items = [1, 2].map((n) => markup`<li>${n}</li>`);
  assert.equal(markup`<ul>${items}</ul>${undefined}${false}${""}`.source, "<ul><li>1</li><li>2</li></ul>");
});

Deno.test("texts of users keep their writing direction to themselves", () => {
  assert.equal(userText("مرحبا").source, "<bdi>مرحبا</bdi>");
  assert.equal(visible("a\u202Eb\u2066c\u200F"), "a[U+202E]b[U+2066]c\u200F");
});

Deno.test("control characters and halves of characters show", () => {
  assert.equal(visible("a\0b\x1b[31m\x7f\x9b\ttab\r\nline\uD800"), "a␀b␛[31m␡[U+009B]\ttab\nline\uFFFD");
});

Deno.test("long texts end in an ellipsis, and no character is cut in half", () => {
  assert.equal(shorten("abcdef", 6), "abcdef");
  assert.equal(shorten("abcdefg", 6), "abcde…");
  assert.equal(shorten("abcd🙂🙂", 6), "abcd…");
  assert.ok(userText("x".repeat(1e6)).source.length < 2100);
});
