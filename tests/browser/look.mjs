// Looks at pages in Chromium and tells what is wrong with them. Reads one JSON object from standard input:
//   { "origin": "http://…", "out": "<folder for pictures>", "locales": ["en", …], "pages": [{ "name": "inbox", "path": "/…" }, …],
//     "cookies": [{ "name": …, "value": … }] }
// In place of `origin` there may be `folder`, whose files are served under the policy of the console.
// `{locale}` in a path stands for the language; where a page has none in its path, the cookie of the language says it.
// Each page is seen in each language at 1280 and 320 pixels, with and without JavaScript, in dark and in chosen colours. Prints one line per
// finding, ends with 1 if there is one.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const tools = process.env.BROWSER_TOOLS ?? join(import.meta.dirname, "../../target/browser");
const require = createRequire(join(tools, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const asked = JSON.parse(await text(process.stdin));
const { out, locales, pages, cookies = [] } = asked;
const origin = asked.origin ?? (await serve(asked.folder));
mkdirSync(out, { recursive: true });

const findings = [];
const find = (where, what) => {
  findings.push(what);
  console.log(`${where}: ${what}`);
};

async function serve(folder) {
  const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default";
  const kinds = { css: "text/css", html: "text/html", js: "text/javascript", svg: "image/svg+xml" };
  const server = createServer((request, answer) => {
    const path = join(folder, new URL(request.url, "http://x").pathname);
    const file = existsSync(`${path}.html`) ? `${path}.html` : path;
    if (!existsSync(file)) return answer.writeHead(404).end();
    const kind = kinds[file.split(".").pop()];
    answer.writeHead(200, { "content-type": `${kind}; charset=utf-8`, "content-security-policy": policy }).end(readFileSync(file));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--force-color-profile=srgb"],
});

async function context(locale, options) {
  const made = await browser.newContext({ locale, ...options });
  const language = { name: "rogatory_language", value: locale };
  await made.addCookies([...cookies, language].map((cookie) => ({ ...cookie, url: origin })));
  return made;
}

// Opens a page and listens to what the browser complains about.
async function open(made, where, path) {
  const page = await made.newPage();
  page.on("console", (message) => {
    const ours = message.type() === "error" || message.text().includes("Content Security Policy");
    if (ours && !message.text().includes("favicon")) find(where, `the browser says: ${message.text()}`);
  });
  page.on("pageerror", (error) => find(where, `a script fails: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) find(where, `something is fetched from elsewhere: ${request.url()}`);
  });
  const answer = await page.goto(origin + path, { waitUntil: "networkidle" });
  if (answer.status() >= 400) find(where, `answers ${answer.status()}`);
  return page;
}

const picture = (page, name) => page.screenshot({ path: join(out, `${name}.png`), fullPage: true });

// As a person with a mouse and a large screen sees it, under the policy as it is.
async function asItIs(name, path, locale) {
  const made = await context(locale, { viewport: { width: 1280, height: 900 } });
  const page = await open(made, `${name} ${locale}`, path);
  await picture(page, `${name}-${locale}`);
  // Where a page gives the focus to what has just happened, the keyboard goes on from there.
  const first = await page.evaluate(() => {
    const stop = document.querySelector("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
    return { isFree: document.activeElement === document.body, classes: stop?.className ?? "" };
  });
  if (!first.classes.includes("govuk-skip-link")) find(`${name} ${locale}`, `the first stop of the keyboard is ${first.classes || "nothing"}`);
  if (first.isFree) {
    await page.keyboard.press("Tab");
    const classes = await page.evaluate(() => document.activeElement.className);
    if (!classes.includes("govuk-skip-link")) find(`${name} ${locale}`, `the keyboard begins at ${classes || "nothing"}`);
  }
  await made.close();
}

// What axe-core finds and is meant so.
const EXCUSED = [
  // govuk-frontend tells screen readers that a choice opens further questions; its makers tried that with people who use them.
  { rule: "aria-allowed-attr", html: "govuk-radios__input" },
];

// What axe-core finds. It needs the policy out of its way, so that nothing else is judged here.
async function axeFinds(name, path, locale, options) {
  const made = await context(locale, { bypassCSP: true, viewport: { width: 1280, height: 900 }, ...options });
  const page = await made.newPage();
  await page.goto(origin + path, { waitUntil: "networkidle" });
  await page.evaluate(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), tags);
  const mode = options.colorScheme ?? (options.forcedColors ? "forced" : "light");
  for (const { id, help, nodes } of violations) {
    const meant = nodes.filter((node) => !EXCUSED.some((excuse) => excuse.rule === id && node.html.includes(excuse.html)));
    for (const node of meant.slice(0, 3)) {
      find(`${name} ${locale} ${mode}`, `axe ${id}: ${help}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ""}`);
    }
  }
  await made.close();
}

// On a telephone, or at 400 per cent.
async function narrow(name, path, locale) {
  const made = await context(locale, { viewport: { width: 320, height: 640 } });
  const page = await open(made, `${name} ${locale} 320`, path);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  if (width > 320) find(`${name} ${locale} 320`, `scrolls sideways to ${width}`);
  await picture(page, `${name}-${locale}-320`);
  await made.close();
}

async function seen(name, path, locale, mode, options) {
  const made = await context(locale, { viewport: { width: 1280, height: 900 }, ...options });
  const page = await open(made, `${name} ${locale} ${mode}`, path);
  if (mode === "print") await page.emulateMedia({ media: "print" });
  await picture(page, `${name}-${locale}-${mode}`);
  await made.close();
}

for (const { name, path: template } of pages) {
  for (const locale of locales) {
    const path = template.replace("{locale}", locale);
    await asItIs(name, path, locale);
    await axeFinds(name, path, locale, {});
    await narrow(name, path, locale);
  }
  // What does not depend on the language is seen in one.
  const locale = locales[0];
  const path = template.replace("{locale}", locale);
  await axeFinds(name, path, locale, { colorScheme: "dark" });
  await axeFinds(name, path, locale, { forcedColors: "active" });
  await seen(name, path, locale, "plain", { javaScriptEnabled: false });
  await seen(name, path, locale, "dark", { colorScheme: "dark" });
  await seen(name, path, locale, "forced", { forcedColors: "active" });
  await seen(name, path, locale, "print", {});
}
await browser.close();
console.error(`${pages.length} pages in ${locales.length} languages: ${findings.length} findings, pictures in ${out}`);
process.exit(findings.length > 0 ? 1 : 0);
