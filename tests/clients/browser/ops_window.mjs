// The operations console in a window: its pages, dialogs, and what accessibility rules say.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Caller } from "./api.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { Documented } from "./documented.mjs";

const { CHAT_URL, TIDINGS_URL, ADMIN_TOKEN, ARTEFACTS } = process.env;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Calls of the API as the administrator, to see what the console has done. */
export const admin = new Caller(TIDINGS_URL, "root", ADMIN_TOKEN);

/** Runs checks by name in one window of the console, and says how many passed. */
export async function inConsole(what, checks, options = {}) {
  const browser = await launch();
  const faults = new Faults(CHAT_URL);
  faults.expected.push(...(options.expected ?? []));
  const documented = await Documented.load(TIDINGS_URL);
  let current = "";
  const page = await openWindow(browser, `${CHAT_URL}/ops`, admin, faults, options.window);
  documented.watch(page);
  try {
    for (const [name, check] of Object.entries(checks)) {
      current = name;
      await check(page, faults);
    }
    faults.check();
    documented.check();
    console.log(`${what}: ${Object.keys(checks).length} checks passed`);
  } catch (error) {
    await page.screenshot({ path: `${ARTEFACTS}/failed-${what}-${current}.png` });
    throw new Error(`${current}: ${error.stack}`);
  } finally {
    await browser.close();
  }
}

/** Opens a page of the console by its address. */
export async function visit(page, hash, heading) {
  await page.evaluate((next) => (location.hash = next), hash);
  await page.locator("main h1").filter({ hasText: heading }).waitFor();
}

/** The row of a table that has a text. */
export function rowOf(page, text) {
  return page.locator("main tbody tr").filter({ hasText: text }).first();
}

export function button(page, name) {
  return page.getByRole("button", { name, exact: true });
}

/** The dialog that is open; the newest is on top. */
export function dialogOf(page) {
  return page.locator("dialog[open]").last();
}

/** Fills the fields of the open dialog by their labels, and sends its form. */
export async function fillDialog(page, fields, action) {
  const dialog = dialogOf(page);
  for (const [label, value] of Object.entries(fields)) {
    await dialog.getByLabel(label, { exact: true }).fill(value);
  }
  await dialog.getByRole("button", { name: action, exact: true }).click();
}

export async function closed(page) {
  await page.waitForFunction(() => document.querySelector("dialog[open]") === null);
}

/** A destructive act: another name is refused, the right one is done. */
export async function typeName(page, name, action) {
  const dialog = dialogOf(page);
  const field = dialog.getByLabel(`To confirm, type ${name}`);
  await field.fill(`${name}x`);
  await dialog.getByRole("button", { name: action, exact: true }).click();
  await dialog.getByRole("alert").filter({ hasText: `type ${name}` }).waitFor();
  await field.fill(name);
  await dialog.getByRole("button", { name: action, exact: true }).click();
  await closed(page);
}

/** What the rules of WCAG 2.2 A and AA say about the page as it is now. */
export async function checkAccessible(page, what) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await window.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return result.violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`),
    }));
  });
  if (violations.length > 0) {
    throw new Error(`${what} is not accessible: ${JSON.stringify(violations, null, 2)}`);
  }
}
