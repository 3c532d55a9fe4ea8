import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { htmlPage } from "../../src/report/html.ts";
import { sampleReport, sampleSections } from "../report/sample.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  },
);

Deno.test({
  name: "in a browser a report loads nothing but itself, fits a phone, follows dark and light, and unfolds",
  ignore: executablePath === undefined,
  // The browser's driver keeps handles that outlive it.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const labels = Array.from({ length: 10 }, (_, i) => `a class with a long name, number ${i}`);
    const wide = {
      ...sampleSections.confusion,
      labels,
      counts: labels.map((_, i) => labels.map((_, j) => i * j)),
    };
    const hostile = '<script>document.title = "run"</script><img src="https://example.org/x.png">';
    const report = {
      ...sampleReport,
      notes: [hostile, "w".repeat(1000)],
      sections: [...sampleReport.sections, wide, { ...wide, labels: [...labels, ...labels], counts: [] }].map(
        (section) =>
          section.kind === "confusion" && section.counts.length === 0
            ? { ...section, counts: section.labels.map((_, i) => section.labels.map((_, j) => i ^ j)) }
            : section,
      ),
    };
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    try {
      for (const [name, page] of [["one.html", htmlPage(report)], ["two.html", htmlPage([report, report])]]) {
        const path = join(directory, name), url = pathToFileURL(path).href;
        await Deno.writeTextFile(path, page);
        const tab = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: "light" });
        const complaints: string[] = [];
        tab.on("console", (message) => complaints.push(message.text()));
        tab.on("pageerror", (error) => complaints.push(error.message));
        tab.on("request", (request) => {
          const asked = request.url();
          if (asked !== url && !asked.startsWith("data:")) complaints.push(`asked for ${asked}`);
        });
        await tab.goto(url);
        assert.doesNotMatch(await tab.title(), /^run$/);

        // Nothing is wider than the window, on a small phone either.
        for (const width of [1200, 930, 800, 380]) {
          await tab.setViewportSize({ width, height: 900 });
          const needed = await tab.evaluate("document.documentElement.scrollWidth");
          assert.ok(needed as number <= width, `${name} needs ${needed} of ${width} pixels`);
        }
        await tab.setViewportSize({ width: 1200, height: 900 });

        const background = "getComputedStyle(document.body).backgroundColor";
        assert.equal(await tab.evaluate(background), "rgb(243, 245, 247)");
        await tab.emulateMedia({ colorScheme: "dark" });
        assert.equal(await tab.evaluate(background), "rgb(13, 18, 24)");
        await tab.emulateMedia({ colorScheme: "dark", media: "print" });
        assert.equal(await tab.evaluate(background), "rgb(255, 255, 255)");
        await tab.setViewportSize({ width: 703, height: 900 }); // A4 between margins of 12 mm
        const onPaper = await tab.evaluate(
          "Math.max(...[...document.querySelectorAll('.stack')].map((e) => e.getBoundingClientRect().right))",
        );
        assert.ok(onPaper as number <= 703, `a table needs ${onPaper} of 703 pixels on paper`);
        await tab.emulateMedia({ colorScheme: "light", media: "screen" });

        await tab.setViewportSize({ width: 500, height: 900 });
        const text = tab.locator(".fold .text").first();
        const folded = (await text.boundingBox())!.height;
        await text.click();
        assert.ok((await text.boundingBox())!.height > 2 * folded, "the text unfolds");

        // The point of an interval bar stands where the axis below it says.
        await tab.setViewportSize({ width: 1200, height: 900 });
        const middle = async (selector: string) => {
          const box = (await tab.locator(selector).first().boundingBox())!;
          return box.x + box.width / 2;
        };
        const figure = ".headline .figure:first-child .drawn";
        const at = await middle(`${figure} .point`), from = await middle(`${figure} .tick:first-of-type`);
        const to = await middle(`${figure} .tick:last-of-type`);
        const shown = 0.92 + (at - from) / (to - from) * (1 - 0.92);
        assert.ok(Math.abs(shown - 0.9763) < 5e-4, `the point of 0.9763 stands at ${shown}`);

        assert.deepEqual(complaints, []);
        await tab.close();
      }
    } finally {
      await browser.close();
      await Deno.remove(directory, { recursive: true });
    }
  },
});
