// Screenshots of pages for the documentation. A test takes them again, and compares them with those of
// the repository: they must be of the pages as they are. Bytes may differ: times, and how an edge is
// smoothed. WRITE_SCREENSHOTS=1 replaces those of the repository.
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { assert } from "./checks.mjs";
import { launch } from "./chromium.mjs";

const { ARTEFACTS, SCREENSHOTS, WRITE_SCREENSHOTS } = process.env;
const MOST_BYTES = 150_000;
/** Screenshots are compared as means of squares of so many pixels a side. */
const SQUARE = 16;
/** A square has changed from this difference on, of 255. */
const CHANGED = 24;
/** The share of changed squares at which a screenshot is not of the page any more. */
const MOST_CHANGED = 0.04;

export class Screenshots {
  #taken = [];

  /** Takes a screenshot of a window, once nothing moves in it any more. */
  async take(page, name) {
    const directory = `${ARTEFACTS}/screenshots`;
    await mkdir(directory, { recursive: true });
    await page.evaluate(async () => {
      await document.fonts.ready;
      await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {})));
    });
    await page.screenshot({ path: `${directory}/${name}`, caret: "hide" });
    this.#taken.push({ name, path: `${directory}/${name}` });
  }

  /** Fails if a screenshot is missing, too large, or shows something else; says how many are there. */
  async check() {
    const browser = await launch();
    const faults = [];
    try {
      const page = await browser.newPage();
      for (const { name, path } of this.#taken) {
        if (WRITE_SCREENSHOTS === "1") await copyFile(path, `${SCREENSHOTS}/${name}`);
        const fault = await compare(page, path, `${SCREENSHOTS}/${name}`);
        if (fault !== null) faults.push(`docs/images/${name} ${fault}`);
      }
    } finally {
      await browser.close();
    }
    const advice = "WRITE_SCREENSHOTS=1 make test-clients ARGS=screenshots takes them again";
    assert(faults.length === 0, `${faults.join("\n")}\n${advice}`);
    return this.#taken.length;
  }
}

/** What is wrong with a committed screenshot, or null. */
async function compare(page, taken, committed) {
  const [now, then] = await Promise.all(
    [taken, committed].map((path) => readFile(path).catch(() => null)),
  );
  if (then === null) return "is missing";
  if (then.length > MOST_BYTES) return `has ${then.length} bytes, of at most ${MOST_BYTES}`;
  const [one, other] = [await squaresOf(page, now), await squaresOf(page, then)];
  if (one.width !== other.width || one.height !== other.height) {
    return `has ${other.width} × ${other.height} pixels, and the page ${one.width} × ${one.height}`;
  }
  const changed = one.means.filter((mean, at) => Math.abs(mean - other.means[at]) >= CHANGED);
  const share = changed.length / one.means.length;
  if (share <= MOST_CHANGED) return null;
  return `shows something else: ${Math.round(share * 100)} % of it differs from ${taken}`;
}

/** The size of a screenshot, and the mean brightness of each of its squares. */
function squaresOf(page, png) {
  return page.evaluate(
    async ([source, square]) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const { width, height } = image;
      const columns = Math.floor(width / square);
      const rows = Math.floor(height / square);
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      const sums = new Array(columns * rows).fill(0);
      for (let y = 0; y < rows * square; y += 1) {
        for (let x = 0; x < columns * square; x += 1) {
          const at = 4 * (y * width + x);
          const brightness = (data[at] + 2 * data[at + 1] + data[at + 2]) / 4;
          sums[Math.floor(y / square) * columns + Math.floor(x / square)] += brightness;
        }
      }
      return { width, height, means: sums.map((sum) => sum / (square * square)) };
    },
    [`data:image/png;base64,${png.toString("base64")}`, SQUARE],
  );
}
