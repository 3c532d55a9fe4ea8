import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { htmlToText } from "../../src/data/html.ts";
import { decodeMail } from "../../src/data/mime.ts";

const decode = (raw: string) => decodeMail(Buffer.from(raw, "latin1"));

Deno.test("a subject's encoded words are decoded, and joined where folded", () => {
  assert.equal(
    decode("Subject: =?utf-8?B?Q2Fmw6k=?=\n =?iso-8859-1?Q?_=E0_la_carte?= ok\n\n").subject,
    "Café à la carte ok",
  );
  assert.equal(decode("Subject: =?no-such-set?Q?caf=E9?=\n\n").subject, "café");
  assert.equal(decode("Subject: =?koi8-r?B?8NLJ18XU?=\n\n").subject, "Привет");
  assert.equal(decode("Subject: =?koi8-r*ru?B?8NLJ18XU?=\n\n").subject, "Привет");
  assert.equal(decode("subject: plain\n\tfolded\n\n").subject, "plain folded");
  assert.equal(decode("Subject: first\nSubject: second\n\n").subject, "first");
  assert.equal(decode("From: x\n\nSubject: in the body").subject, "");
});

Deno.test("no header but the subject is returned", () => {
  const { subject, body } = decode("From a@b Thu\nList-Id: secret-list\nSubject: hi\nX-Spam: 5\n\nbody\n");
  assert.deepEqual({ subject, body }, { subject: "hi", body: "body" });
});

Deno.test("bodies are decoded from quoted-printable, base64 and their character set", () => {
  const type = (charset: string) => `Content-Type: text/plain; charset="${charset}"\n`;
  assert.equal(
    decode(type("iso-8859-1") + "Content-Transfer-Encoding: Quoted-Printable\n\nna=EFve=\n soft =3D\n").body,
    "naïve soft =",
  );
  assert.equal(decode(type("koi8-r") + "\n\xf0\xd2\xc9\xd7\xc5\xd4").body, "Привет");
  assert.equal(decode(type("gb2312") + "Content-Transfer-Encoding: base64\n\nxOO6ww==\n").body, "你好");
  assert.equal(decode(type("no-such-set") + "\ncaf\xe9 \x80").body, "café €");
  assert.equal(decode(type("us-ascii") + "\ncaf\xc3\xa9").body, "café");
});

Deno.test("a footer behind base64 is kept as text", () => {
  assert.equal(
    decode("Content-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\n\n____\nThe footer\n").body,
    "hello world\n____\nThe footer",
  );
});

const PARTS = (type: string, ...parts: string[]) =>
  `Content-Type: multipart/${type};\n\tboundary="=_b"\n\npreamble\n${
    parts.map((part) => `--=_b\n${part}\n`).join("")
  }--=_b--\nepilogue\n`;

Deno.test("of a multipart the plain text is read, else the HTML; attachments are not", () => {
  const plain = "Content-Type: text/plain\n\nplain";
  const html = "Content-Type: text/html\n\n<b>rich</b>";
  const image = "Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\nR0lGODlhAQABAAAAACw=";
  const file = "Content-Type: text/plain\nContent-Disposition: attachment; filename=x.txt\n\nattached";
  assert.equal(decode(PARTS("alternative", plain, html)).body, "plain");
  assert.equal(decode(PARTS("alternative", html, plain)).body, "plain");
  assert.equal(decode(PARTS("mixed", html, image)).body, "rich");
  assert.equal(decode(PARTS("mixed", plain, file, image)).body, "plain");
  assert.equal(decode(PARTS("mixed", "Content-Type: text/plain\n\n \n", html)).body, "rich");
  assert.equal(decode(PARTS("mixed", image)).body, "");
  assert.equal(decode(PARTS("mixed", "\nno header")).body, "no header");
});

Deno.test("multiparts nest, and a missing closing mark is forgiven", () => {
  const inner =
    "Content-Type: multipart/alternative; boundary=in\n\n--in\n\ndeep\n--in\nContent-Type: text/html\n\n<i>x</i>\n--in--";
  assert.equal(decode(PARTS("mixed", inner)).body, "deep");
  assert.equal(decode("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhalf a").body, "half a");
  let bottomless = "x";
  for (let i = 0; i < 50; i++) {
    bottomless = `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n${bottomless}\n--b${i}--`;
  }
  assert.equal(typeof decode(bottomless).body, "string");
});

Deno.test("a body that is HTML without saying so is read as HTML, a plain one that mentions a tag is not", () => {
  assert.equal(decode("Subject: x\n\n<html><body>Hello</body></html>").body, "Hello");
  assert.equal(decode("Content-Type: text/plain\n\nuse <br> for a line").body, "use <br> for a line");
});

Deno.test("HTML becomes the text a reader sees", () => {
  assert.equal(htmlToText("<p>one<br>two</p><p>three</p>"), "one\ntwo\nthree");
  assert.equal(htmlToText("<td>a</td><td>b</td>"), "a b");
  assert.equal(htmlToText("V<!-- x -->ia<b>gra</b>"), "Viagra");
  assert.equal(htmlToText("source\nlines  are \t spaces"), "source lines are spaces");
  assert.equal(htmlToText("<script>if (a < b) x()</script>yes<STYLE>p{}</style >!"), "yes!");
  assert.equal(
    htmlToText("&lt;b&gt; &amp;amp; &#8364;&#x20ac;&#150; &eacute;&Eacute; &unknown; &nbsp;x"),
    "<b> &amp; €€– éé &unknown; x",
  );
  assert.equal(htmlToText("1 < 2 and 3 > 2"), "1 < 2 and 3 > 2");
  assert.equal(htmlToText('<a href="x>y">link</a>').includes("link"), true);
  assert.equal(htmlToText("cut <a href="), "cut");
  assert.equal(htmlToText("&#0;&#xd800;&#99999999;"), "\ufffd\ufffd\ufffd");
});

Deno.test("broken markup is read in time proportional to its length", () => {
  // Each of these takes hours where a part of the parser is quadratic.
  const n = 400_000;
  for (const piece of ["<!--", "<!-- >", "<", "<a ", "<script>", "&#", "&amp", "--b\n", "=?utf-8?q?"]) {
    assert.equal(typeof htmlToText(piece.repeat(n)), "string");
    assert.equal(
      typeof decode(
        `Subject: ${piece.repeat(2000)}\nContent-Type: multipart/mixed; boundary=b\n\n${piece.repeat(n)}`,
      ).body,
      "string",
    );
  }
});

Deno.test("mails and markup that are nested, unclosed or long without end are read in a moment, and nothing throws", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const same = 'Content-Type: multipart/mixed; boundary="x"\n\n';
  const mails = [
    same + `--x\n${same}`.repeat(10_000) + "hi",
    "Content-Type: message/rfc822\n\n".repeat(10_000) + "hi",
    same + "--x\n\na\n".repeat(20_000) + "--x--",
    `Subject: ${"a".repeat(3_000_000)}\n\nhi`,
    `Subject: ${"=?utf-8?q?a?= ".repeat(20_000)}\n\nhi`,
    "Content-Type: multipart/mixed\n\nhello",
    "Content-Type: text/plain; charset=utf-16\n\nhello \u00ff",
    "Content-Type: text/html\n\n" + "<".repeat(300_000),
    "Content-Type: text/html\n\n" + "<div>".repeat(60_000) + "x",
    "Content-Type: text/html\n\n" + "<ul><li>".repeat(5_000) + "x",
    "Content-Type: text/html\n\n" + "<!--".repeat(60_000),
  ];
  for (const mail of mails) {
    const start = performance.now();
    decodeMail(bytes(mail));
    assert.ok(performance.now() - start < 10_000, mail.slice(0, 60));
  }
  assert.equal(decodeMail(bytes(mails[5])).body, "hello");
  assert.equal(decodeMail(bytes(mails[8])).body, "x");
  assert.equal(decodeMail(bytes(mails[9])).body, "x");
});
