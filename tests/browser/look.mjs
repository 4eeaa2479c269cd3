// Looks at pages in Chromium and tells what is wrong with them. Reads one JSON object from standard input:
//   { "origin": "http://…", "out": "<folder for pictures>", "locales": ["en", …], "pages": [{ "name": "inbox", "path": "/…" }, …],
//     "cookies": [{ "name": …, "value": … }] }
// In place of `origin` there may be `folder`, whose files are served under the policy of the console. `{locale}` in a path stands for the language;
// the cookie of the language says it too. A page with `"guest": true` is seen without the cookies, one with `"status": 404` answers so.
// Each page is seen in each language, wide and at 320 pixels; in the first one also without JavaScript, in the dark, in chosen colours and on paper.
// Prints one line per finding, ends with 1 if there is one.
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

async function context(locale, guest, options) {
  const made = await browser.newContext({ locale, viewport: { width: 1280, height: 900 }, ...options });
  const language = { name: "rogatory_language", value: locale };
  await made.addCookies([...(guest ? [] : cookies), language].map((cookie) => ({ ...cookie, url: origin })));
  return made;
}

// Opens a page and listens to what the browser complains about.
async function open(made, where, { path, status = 200 }) {
  const page = await made.newPage();
  page.on("console", (message) => {
    const isExpected = status >= 400 && message.text().includes(`status of ${status}`);
    const isWrong = message.type() === "error" || message.text().includes("Content Security Policy");
    if (isWrong && !isExpected) find(where, `the browser says: ${message.text()}`);
  });
  page.on("pageerror", (error) => find(where, `a script fails: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) find(where, `something is fetched from elsewhere: ${request.url()}`);
  });
  const answer = await page.goto(origin + path, { waitUntil: "load" });
  if (answer.status() !== status) find(where, `answers ${answer.status()}`);
  return page;
}

const picture = (page, name) => page.screenshot({ path: join(out, `${name}.png`), fullPage: true });

// The first stop of the keyboard leads past what is the same on every page.
async function keyboard(page, where) {
  // Where a page gives the focus to what has just happened, the keyboard goes on from there.
  const first = await page.evaluate(() => {
    const stop = document.querySelector("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
    return { isFree: document.activeElement === document.body, classes: stop?.className ?? "" };
  });
  if (!first.classes.includes("govuk-skip-link")) find(where, `the first stop of the keyboard is ${first.classes || "nothing"}`);
  if (first.isFree) {
    await page.keyboard.press("Tab");
    const classes = await page.evaluate(() => document.activeElement.className);
    if (!classes.includes("govuk-skip-link")) find(where, `the keyboard begins at ${classes || "nothing"}`);
  }
}

// On a telephone, or at 400 per cent.
async function narrow(page, where) {
  await page.setViewportSize({ width: 320, height: 640 });
  const { width, wide } = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    wide: [...document.querySelectorAll("main *")].find((element) => element.getBoundingClientRect().right > 321)?.outerHTML.slice(0, 160),
  }));
  if (width > 320) find(where, `scrolls sideways to ${width}: ${wide}`);
}

// As it is, under its policy.
async function asItIs(shown, locale) {
  const where = `${shown.name} ${locale}`;
  const made = await context(locale, shown.guest, {});
  const page = await open(made, where, shown);
  const lang = await page.evaluate(() => document.documentElement.lang);
  if (lang !== locale) find(where, `says that it is in ${lang}`);
  await picture(page, `${shown.name}-${locale}`);
  await narrow(page, `${where} 320`);
  await picture(page, `${shown.name}-${locale}-320`);
  await keyboard(page, where);
  await made.close();
}

// What axe-core finds and is meant so.
const EXCUSED = [
  // govuk-frontend tells screen readers that a choice opens further questions; its makers tried that with people who use them.
  { rule: "aria-allowed-attr", html: "govuk-radios__input" },
];

// What axe-core finds. It needs the policy out of its way, so that nothing else is judged here.
async function axeFinds(shown, locale, options) {
  const mode = options.colorScheme ?? (options.forcedColors ? "forced" : "light");
  const made = await context(locale, shown.guest, { bypassCSP: true, ...options });
  const page = await made.newPage();
  await page.goto(origin + shown.path, { waitUntil: "load" });
  await page.evaluate(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), tags);
  for (const { id, help, nodes } of violations) {
    const meant = nodes.filter((node) => !EXCUSED.some((excuse) => excuse.rule === id && node.html.includes(excuse.html)));
    for (const node of meant.slice(0, 3)) {
      find(`${shown.name} ${locale} ${mode}`, `axe ${id}: ${help}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ""}`);
    }
  }
  await made.close();
}

// In one language is seen what does not depend on it.
async function seen(shown, locale, mode, options) {
  const where = `${shown.name} ${locale} ${mode}`;
  const made = await context(locale, shown.guest, options);
  const page = await open(made, where, shown);
  if (mode === "print") await page.emulateMedia({ media: "print" });
  await picture(page, `${shown.name}-${locale}-${mode}`);
  await made.close();
}

async function look(page) {
  for (const locale of locales) {
    const shown = { ...page, path: page.path.replace("{locale}", locale) };
    await asItIs(shown, locale);
    await axeFinds(shown, locale, {});
  }
  const locale = locales[0];
  const shown = { ...page, path: page.path.replace("{locale}", locale) };
  await axeFinds(shown, locale, { colorScheme: "dark" });
  await axeFinds(shown, locale, { forcedColors: "active" });
  await seen(shown, locale, "plain", { javaScriptEnabled: false });
  await seen(shown, locale, "dark", { colorScheme: "dark" });
  await seen(shown, locale, "forced", { forcedColors: "active" });
  await seen(shown, locale, "print", {});
}

// Most of the time is waiting, so three are looked at at once.
const waiting = [...pages];
const looker = async () => {
  for (let page = waiting.shift(); page; page = waiting.shift()) await look(page);
};
await Promise.all([looker(), looker(), looker()]);
await browser.close();
console.error(`${pages.length} pages in ${locales.length} languages: ${findings.length} findings, pictures in ${out}`);
process.exit(findings.length > 0 ? 1 : 0);
