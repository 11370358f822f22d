// Chinese texts have full-width punctuation.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const WEB = join(dirname(fileURLToPath(import.meta.url)), "../..");
const HALF_WIDTH = /\p{Script=Han}[,:;!?()]|[,:;!?()]\p{Script=Han}/u;

function sourcesIn(directory: string): string[] {
  return readdirSync(join(WEB, directory), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(directory, name));
}

test("no half-width punctuation stands beside a Chinese character", () => {
  const lines = ["chat", "ops", "shared"].flatMap(sourcesIn).flatMap((file) =>
    readFileSync(join(WEB, file), "utf8")
      .split("\n")
      .map((line, index) => ({ line, place: `${file}:${index + 1}` })),
  );
  const texts = lines.filter(({ line }) => /\p{Script=Han}/u.test(line));
  assert(texts.length > 500, `only ${texts.length} lines are Chinese`);
  const faults = texts.filter(({ line }) =>
    [...line.matchAll(/"(?:[^"\\]|\\.)*"/g)].some(([text]) => HALF_WIDTH.test(text)),
  );
  assert.deepEqual(faults.map(({ place, line }) => `${place} ${line.trim()}`), []);
});
