import assert from "node:assert/strict";
import { chromium, type Page } from "playwright-core";
import { listen } from "../../routes/main.ts";
import { post, withApp } from "../routes/harness.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  },
);

/** Opens the page in a browser with an empty profile; whatever its console or network complains of fails the test. */
async function withPage(url: string, use: (page: Page) => Promise<void>): Promise<void> {
  const profile = await Deno.makeTempDir();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(url);
    await use(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
    await Deno.remove(profile, { recursive: true });
  }
}

Deno.test({
  name:
    "in a browser the page shows a text's answer, and turns to the alarm by itself when the traffic changes",
  ignore: executablePath === undefined,
  // The browser's driver keeps handles that outlive it.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withApp(async ({ app }) => {
      const server = listen(app);
      const send = async (text: string, times: number) => {
        for (let i = 0; i < times; i++) {
          const inputs = `${i} ${text}`; // the same text again and again would be told as that
          await (await fetch(`${server.url}/predict`, post({ inputs }))).body?.cancel();
        }
      };
      try {
        await withPage(server.url, async (page) => {
          await page.getByText("live", { exact: true }).waitFor();
          await page.getByText("Filling the first window").waitFor();

          await page.getByLabel("A text for the model").fill("free money now!");
          await page.getByRole("button", { name: "Run" }).click();
          const best = page.locator(".score.best");
          await best.waitFor();
          assert.match(await best.innerText(), /spam\s+9[78]\.\d%/);

          await send("free money now ".repeat(12), 85);
          await page.getByText("Drift: what comes in no longer looks like the training data").waitFor();
          await page.locator("#feature-characters .chip.alarm").waitFor();
          assert.match(await page.title(), /^⚠ Drift/);
          assert.ok(await page.locator("#windows .cell.alarm").count() > 0);
          const box = await page.locator("#feature-characters svg.chart").boundingBox();
          assert.ok(box!.width > 100 && box!.height > 50);
          await send("free money now ".repeat(13), 400);
          // Nothing is wider than the window, on a phone either, and the newest of many drift windows is in sight.
          await page.setViewportSize({ width: 320, height: 800 });
          await page.reload();
          const { x, width } = (await page.locator("#windows .cell.open").boundingBox())!;
          assert.ok(x + width < 300, `the open window ends at ${x + width}`);
          assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
        });
      } finally {
        await server.close();
      }
    }),
});
