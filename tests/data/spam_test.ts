import assert from "node:assert/strict";
import { readSpam, stripListFooter, stripListTags } from "../../src/data/spam.ts";
import { isDataError } from "./files.ts";

const mails = readSpam();

Deno.test("the corpus has 4,150 hams and 1,896 spams, each with an id of its own and some text", () => {
  const count = (label: string) => mails.filter((mail) => mail.label === label).length;
  assert.deepEqual([count("ham"), count("spam")], [4150, 1896]);
  assert.equal(new Set(mails.map(({ id }) => id)).size, 6046);
  assert.ok(mails.every(({ text }) => text.trim() === text && text !== ""));
});

Deno.test("no header is left in a mail's beginning, and no list's tag or footer anywhere it was put by software", () => {
  for (const { id = "", text } of mails) {
    if (id.startsWith("spam-2/00403.")) continue; // its sender pasted another mail, headers and all, into the body
    const start = text.split("\n", 3).join("\n");
    assert.ok(
      !/^(?:Received|Return-Path|Delivered-To|List-Id|X-Beenthere|Precedence|Message-Id):/im.test(start),
      id,
    );
    assert.ok(!/^(?:Re: )?\[[\w .-]{1,39}\]/.test(text), `${id}: ${text.slice(0, 60)}`);
    assert.ok(
      !/\/mailman\/listinfo\/|lists\/listinfo\//.test(text.slice(-300)),
      `${id}: ${text.slice(-100)}`,
    );
    assert.ok(!text.includes("DeathToSpam"), id);
  }
});

Deno.test("bytes above 127 are decoded, not lost", () => {
  assert.ok(mails.filter(({ text }) => text.includes("\ufffd")).length <= 5);
  assert.ok(mails.some(({ text }) => text.includes("免費無限次任打中港長途電話")));
});

Deno.test("tags go, also behind Re:, and what a person put in brackets later in a subject stays", () => {
  assert.equal(stripListTags("[ILUG] Linux on a Mac"), "Linux on a Mac");
  assert.equal(stripListTags("Re: [ILUG] Re: [ILUG-Social] [OT] prize"), "Re: prize");
  assert.equal(stripListTags("FW: RE[2]: hello [was: bye]"), "Re: hello [was: bye]");
  assert.equal(stripListTags("[unclosed subject"), "[unclosed subject");
  assert.equal(stripListTags("[tag]"), "");
});

Deno.test("footers go, also where an answer quotes them; a person's signature stays", () => {
  const mailman =
    "\n_______________________________________________\nExmh-workers mailing list\nExmh-workers@redhat.com\n" +
    "https://listman.redhat.com/mailman/listinfo/exmh-workers\n";
  assert.equal(stripListFooter("hello\n-- \nBob\n" + mailman), "hello\n-- \nBob");
  const quoted = mailman.replaceAll("\n", "\n> ");
  assert.equal(stripListFooter("> hi" + quoted + "\nyes"), "> hi\nyes");
  const ilug =
    "-- \nIrish Linux Users' Group: ilug@linux.ie\nhttp://www.linux.ie/mailman/listinfo/ilug for (un)subscription " +
    "information.\n" +
    "List maintainer: listmaster@linux.ie\n";
  assert.equal(stripListFooter("hello\n" + ilug), "hello");
  assert.equal(stripListFooter("hello\nhttp://xent.com/mailman/listinfo/fork"), "hello");
  assert.equal(
    stripListFooter("subscribe to a mailing list\nat bob@example.com\nplease"),
    "subscribe to a mailing list\nat bob@example.com\nplease",
  );
  const sf =
    "-------------------------------------------------------\nThis sf.net email is sponsored by:ThinkGeek\nWelcome " +
    "to geek heaven.\n" +
    "http://thinkgeek.com/sf\n";
  assert.equal(stripListFooter("hello\n\n" + sf), "hello");
  assert.equal(stripListFooter("hello\n--DeathToSpamDeathToSpamDeathToSpam--"), "hello");
});

Deno.test("a folder that is not the corpus is refused in one line", async () => {
  assert.throws(
    () => readSpam({ directory: "/nowhere" }),
    isDataError(/^\/nowhere\/easy-ham-1: cannot be read/),
  );
  const folder = await Deno.makeTempDir();
  for (const group of ["easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2"]) {
    await Deno.mkdir(`${folder}/${group}`);
  }
  assert.throws(() => readSpam({ directory: folder }), isDataError(/no mails \(\*\.txt\)/));
  await Deno.remove(folder, { recursive: true });
});
