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
// The forms of the catalogue: each step that has one, on a case that offers it; and the pages of matters.
const forms = new Map();
const matters = [];
const FORMS = ["propose_hearing", "notify_breach", "request_onward", "report_error", "release", "ask_info", "recognise"];
for (const path of cases) {
  const events = await links(path, /\/events\//);
  if (events.length > longest.events.length) longest = { path, events };
  const steps = await links(path, /\/steps\//);
  step ??= steps[0];
  for (const name of FORMS) {
    const found = steps.find((href) => href.endsWith(`/steps/${name}`));
    if (found && !forms.has(name)) forms.set(name, found);
  }
  matters.push(...(await links(path, /\/(hearings|corrections)\/\d+$/)));
}
const documents = await links(longest.path, /\/documents\//);
if (!longest.path || !step || documents.length === 0) throw new Error("no case, no step or no document to look at");

// A draft as an officer begins it: whom, what, and the list of what is to be done.
const [whom] = (await (await page.goto(`${origin}/requests/new`), page.$$eval("input[name=to]", (all) => all.map((one) => one.value))));
if (!whom) throw new Error("nobody can be asked");
const chosen = `/requests/new?to=${encodeURIComponent(whom)}`;
await page.goto(origin + chosen);
await page.check("input[name=what]");
await page.click("main form button");
const draft = new URL(page.url()).pathname;
if (!draft.startsWith("/drafts/")) throw new Error(`a new request leads to ${page.url()}: ${await page.textContent("main")}`);
await page.goto(`${origin}${draft}/topics/facts`);
await page.fill("textarea[name=summary]", "Three exporters received forged invoices on 3 March 2026 and paid 4,000 EUR.");
await page.click("main form button");
await page.goto(`${origin}${draft}/topics/language`);
await page.selectOption("select[name=original]", "en");
await page.selectOption("select[name='translation-language']", "ja");
await page.click("main form button");
await page.goto(`${origin}${draft}/translation`);
await page.fill("textarea[name='text-facts-summary']", "三つの輸出業者が2026年3月3日に偽の請求書を受け取り、400ユーロを支払った。");
await page.click("main form button");

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
  { name: "custody", path: `${longest.path}/custody` },
  { name: "corrections", path: `${longest.path}/corrections` },
  { name: "agenda", path: "/agenda?days=365" },
  { name: "disposal", path: "/disposal" },
  { name: "search", path: "/search?words=central" },
  { name: "statistics", path: "/statistics?by=article&months=yes" },
  ...[...forms].map(([name, path]) => ({ name: `form-${name.replaceAll("_", "-")}`, path })),
  ...matters.slice(0, 4).map((path) => ({ name: `matter${path.replaceAll("/", "-")}`, path })),
  { name: "request-whom", path: "/requests/new" },
  { name: "request-what", path: chosen },
  { name: "draft", path: draft },
  ...["measure-1", "subject-1-1", "offence-1", "authority", "undertakings", "validation"].map((slug) => ({
    name: `draft-${slug}`,
    path: `${draft}/topics/${slug}`,
  })),
  { name: "draft-mend", path: `${draft}/topics/facts?saved=yes` },
  { name: "draft-answers", path: `${draft}/answers` },
  { name: "draft-scope", path: `${draft}/scope` },
  { name: "draft-translation", path: `${draft}/translation` },
  { name: "draft-clone", path: `/cases/${draft.split("/").pop()}/clone` },
  { name: "triage", path: `${longest.path}/triage` },
  { name: "help", path: "/help" },
  { name: "accessibility", path: "/accessibility" },
  { name: "nowhere", path: "/nowhere", status: 404 },
];
const locales = ["en", "fr", "it", "ja", "zh-Hans"];
console.log(JSON.stringify({ origin, out, locales, cookies, pages }));
