// What axe-core finds on a page, as far as it keeps anybody from using it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const GRAVE = ["serious", "critical"];

/** The serious faults within a selector, one line each. */
export async function findAxeFaults(page, selector = "body") {
  // The policy of the page does not bind what a debugger runs in it.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(SOURCE);
  const { violations } = await page.evaluate(
    ([selector, rules]) => window.axe.run(selector, { runOnly: rules }),
    [selector, RULES],
  );
  return violations
    .filter(({ impact }) => GRAVE.includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}
