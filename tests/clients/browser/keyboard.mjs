// A user who has only a keyboard, and needs to see where the focus is.
const MOST_STOPS = 60;

export class Keyboard {
  /** Elements that had the focus without showing it. */
  invisible = [];
  #page;

  constructor(page) {
    this.#page = page;
  }

  async press(...keys) {
    for (const key of keys) {
      await this.#page.keyboard.press(key);
      if (/Tab$/.test(key)) await this.#look();
    }
  }

  type(text) {
    return this.#page.keyboard.type(text);
  }

  /** Begins at an element, as if it had been reached before. */
  focus(selector) {
    return this.#page.locator(selector).first().focus();
  }

  isOn(selector) {
    return this.#page.evaluate((it) => document.activeElement?.matches(it) ?? false, selector);
  }

  /** Presses Tab until an element has the focus. */
  async tabTo(selector, key = "Tab") {
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      if (await this.isOn(selector)) return;
      await this.press(key);
    }
    throw new Error(`${MOST_STOPS} times ${key} do not reach ${selector}`);
  }

  async #look() {
    const invisible = await this.#page.evaluate(() => {
      const focused = document.activeElement;
      if (focused === null || focused === document.body) return null;
      const shows = (element) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      };
      // A field may leave it to the frame around it.
      const frame = focused.closest(".composer-row");
      const isFramed = frame !== null && getComputedStyle(frame).boxShadow !== "none";
      return shows(focused) || isFramed ? null : focused.outerHTML.slice(0, 120);
    });
    if (invisible !== null) this.invisible.push(invisible);
  }
}
