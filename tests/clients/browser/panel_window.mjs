// A window of somebody in the tests of panels: opens panels, and checks what everybody needs of
// them.
import assert from "node:assert/strict";
import { join } from "node:path";
import { findAxeFaults } from "./axe.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";

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
      const found = await findAxeFaults(this.page, ".panel");
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

  /** The same of the dialog on top. */
  async dialogIsAccessible(what) {
    await this.dialog.waitFor();
    assert.deepEqual(await findAxeFaults(this.page, "dialog[open]"), [], `axe-core, ${what}`);
  }
}

/**
 * Runs the parts of a test in order, in one browser. When one fails, screenshots of all windows stay.
 */
export async function runParts(name, makeParts) {
  const browser = await launch();
  const faults = new Faults(process.env.CHAT_URL);
  const open = (caller, options, url = process.env.CHAT_URL) =>
    PanelWindow.open(browser, url, caller, faults, options);
  try {
    const parts = await makeParts({ open, faults });
    for (const part of parts) {
      await part().catch(async (error) => {
        await takePictures(browser, `failed-${name}-${part.name}`);
        throw new Error(`${part.name}: ${error.stack}`);
      });
    }
    faults.check();
    console.log(`${name}: ${parts.map((part) => part.name).join(", ")}`);
  } finally {
    await browser.close();
  }
}

async function takePictures(browser, name) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [at, page] of pages.entries()) {
    await page.screenshot({ path: join(process.env.ARTEFACTS, `${name}-${at + 1}.png`) });
  }
}

/** A call that must be refused with this code. */
export async function isRefused(call, code) {
  await assert.rejects(call, (error) => error.message.includes(`"code":"${code}"`), code);
}
