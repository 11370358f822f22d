// A window of somebody in the tests of panels: opens panels, and checks what everybody needs of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { openWindow } from "./chromium.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const GRAVE = ["serious", "critical"];

export class PanelWindow {
  constructor(page, caller) {
    Object.assign(this, { page, caller });
  }

  static async open(browser, url, caller, faults, options = {}) {
    // Colours that fade into each other have no contrast of their own.
    const page = await openWindow(browser, url, caller, faults, {
      reducedMotion: "reduce",
      ...options,
    });
    const window = new PanelWindow(page, caller);
    await page.locator(".sidebar").waitFor();
    return window;
  }

  /** Shows a panel, as a link to it would. */
  async show(name, place = {}) {
    const query = new URLSearchParams({ panel: name, place: JSON.stringify(place) });
    await this.page.evaluate((hash) => {
      location.hash = hash;
    }, `#/?${query}`);
    await this.panel.waitFor();
  }

  get panel() {
    return this.page.locator(".panel");
  }

  button(name) {
    return this.panel.getByRole("button", { name, exact: true });
  }

  field(name) {
    return this.panel.getByLabel(name, { exact: true });
  }

  /** The dialog on top. */
  get dialog() {
    return this.page.locator("dialog[open]").last();
  }

  /** Answers a dialog with one of its buttons. */
  async answer(name) {
    await this.dialog.locator("footer").getByRole("button", { name, exact: true }).click();
  }

  /** Waits for a text in the panel. */
  async reads(text) {
    await this.panel.getByText(text).first().waitFor();
  }

  /** Waits for a short message at the edge of the window. */
  async isTold(text) {
    await this.page.locator(".toast").getByText(text).first().waitFor();
  }

  /** Chooses people by typing and by keys only. */
  async pick(label, users) {
    const field = this.panel.getByRole("combobox", { name: label });
    for (const user of users) {
      await field.fill(user);
      await this.panel.getByRole("option").filter({ hasText: user }).first().waitFor();
      await field.press("Enter");
      await this.panel.locator(".chip").nth(users.indexOf(user)).waitFor();
    }
  }

  /** Whether a screen reader, a keyboard and a narrow window can use what is shown. */
  async isAccessible(what) {
    for (const theme of ["light", "dark"]) {
      await this.page.evaluate((chosen) => {
        document.documentElement.dataset.theme = chosen;
      }, theme);
      const found = await this.findFaults();
      assert.deepEqual(found, [], `axe-core, ${what}, ${theme}`);
    }
    await this.page.evaluate(() => delete document.documentElement.dataset.theme);
    const overflow = await this.panel.evaluate((panel) =>
      Math.max(...[panel, ...panel.querySelectorAll(".panel-body")].map(
        (element) => element.scrollWidth - element.clientWidth,
      )),
    );
    assert(overflow <= 0, `${what} is ${overflow} px wider than its panel`);
  }

  async findFaults() {
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() =>
      window.axe.run(document.querySelector(".panel"), {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        rules: { region: { enabled: false } },
      }),
    );
    return violations
      .filter(({ impact }) => GRAVE.includes(impact))
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  }
}

/** Pictures of all windows, for whoever looks for the reason of a failure. */
export async function takePictures(browser, name) {
  if (process.env.PICTURES === undefined) return;
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [at, page] of pages.entries()) {
    await page.screenshot({ path: join(process.env.PICTURES, `${name}-${at}.png`) });
  }
}

/** Repeats a question until its answer is true. */
export async function until(what, question, timeoutMs = 10_000) {
  const end = Date.now() + timeoutMs;
  while (!(await question())) {
    if (Date.now() > end) throw new Error(`It did not become true in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A call that must be refused with this code. */
export async function isRefused(call, code) {
  await assert.rejects(call, (error) => error.message.includes(`"code":"${code}"`), code);
}
