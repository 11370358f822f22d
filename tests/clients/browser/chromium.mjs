// Chromium for the browser tests: windows of people, and what went wrong in them.
import { chromium } from "playwright-core";

/** Root cannot run Chromium's sandbox. */
const ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"];

export function launch(more = []) {
  const args = [...ARGUMENTS, ...more];
  return chromium.launch({ executablePath: process.env.CHROMIUM, args });
}

/** Faults of pages: errors on the console, exceptions, requests to other hosts. */
export class Faults {
  constructor(url) {
    this.origin = new URL(url).origin;
    this.found = [];
    /** Errors that a test causes on purpose, such as requests to a server that is down. */
    this.expected = [];
  }

  watch(page) {
    page.on("console", (message) => {
      // The text of a failed request does not say which one it was.
      const { url } = message.location();
      if (message.type() === "error") this.add(`console: ${message.text()} ${url}`);
    });
    page.on("pageerror", (error) => this.add(`exception: ${error.stack ?? error}`));
    page.on("request", (request) => {
      const url = request.url();
      const local = /^(data|blob):/.test(url) || new URL(url).origin === this.origin;
      if (!local) this.add(`request to another host: ${url}`);
    });
  }

  add(fault) {
    if (!this.expected.some((pattern) => pattern.test(fault))) this.found.push(fault);
  }

  check() {
    if (this.found.length > 0) throw new Error(`faults of pages:\n${this.found.join("\n")}`);
  }
}

/** A window in which somebody is signed in; each has storage of its own. */
export async function openWindow(browser, url, caller, faults, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...options,
  });
  if (caller !== null) {
    await context.addInitScript((token) => {
      if (!location.protocol.startsWith("http")) return;
      // Not again after a sign-out.
      if (sessionStorage.getItem("prepared") === null) {
        sessionStorage.setItem("prepared", "yes");
        localStorage.setItem("tidings.account", token);
      }
    }, caller.token);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  faults.watch(page);
  await page.goto(url);
  return page;
}
