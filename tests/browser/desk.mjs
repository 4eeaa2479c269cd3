// Signs in at the console of a desk as an officer does, without JavaScript, and tells `look.mjs` which pages there are.
// Arguments: the console's origin, the folder of the officer's key with its passphrase, the folder for pictures.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const tools = process.env.BROWSER_TOOLS ?? join(import.meta.dirname, "../../target/browser");
const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");

const [origin, folder, out] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({ locale: "en", javaScriptEnabled: false });
const page = await context.newPage();

await page.goto(`${origin}/sign-in`);
await page.fill("input[name=officer]", basename(folder));
await page.fill("input[name=passphrase]", readFileSync(join(folder, "passphrase"), "utf8").trim());
await page.click("main form button");
if (new URL(page.url()).pathname !== "/") throw new Error(`signing in leads to ${page.url()}: ${await page.textContent("main")}`);

// The addresses on a page that look like this, each once.
async function links(path, pattern) {
  await page.goto(origin + path);
  const all = await page.$$eval("main a[href]", (found) => found.map((link) => link.getAttribute("href")));
  return [...new Set(all.filter((href) => pattern.test(href)))];
}

// The case with the longest history, and one that has a step to offer.
const cases = await links("/?tab=all", /^\/cases\/[^/]+$/);
let longest = { path: "", events: [] };
let step;
for (const path of cases) {
  const events = await links(path, /\/events\//);
  if (events.length > longest.events.length) longest = { path, events };
  step ??= (await links(path, /\/steps\//))[0];
}
const documents = await links(longest.path, /\/documents\//);
if (!longest.path || !step || documents.length === 0) throw new Error("no case, no step or no document to look at");

const cookies = (await context.cookies()).map(({ name, value }) => ({ name, value }));
await browser.close();
const pages = [
  { name: "sign-in", path: "/sign-in", guest: true },
  { name: "inbox", path: "/?tab=all" },
  { name: "case", path: longest.path },
  { name: "readers", path: `${longest.path}/readers` },
  { name: "event", path: longest.events[0] },
  { name: "document", path: documents[0] },
  { name: "step", path: step },
  { name: "help", path: "/help" },
  { name: "accessibility", path: "/accessibility" },
  { name: "nowhere", path: "/nowhere", status: 404 },
];
const locales = ["en", "fr", "it", "ja", "zh-Hans"];
console.log(JSON.stringify({ origin, out, locales, cookies, pages }));
