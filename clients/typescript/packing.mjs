// Around `npm pack` and `npm publish`, the manifest names what the build made; in this repository it
// names the sources, so that a change counts at once: node packing.mjs built | sources
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = dirname(fileURLToPath(import.meta.url));
const MANIFEST = join(PACKAGE, "package.json");
const LICENCE = "LICENSE";
const ENTRIES = { ".": "index", "./react": "react" };

const built = (name) => ({ types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` });
const sources = (name) => `./src/${name}.ts`;
const forms = { built, sources };

const [wanted] = process.argv.slice(2);
const form = forms[wanted];
if (form === undefined) {
  console.error("Name what the package exports: built or sources");
  process.exit(2);
}
const manifest = JSON.parse(await readFile(MANIFEST, "utf8"));
manifest.exports = Object.fromEntries(
  Object.entries(ENTRIES).map(([path, name]) => [path, form(name)]),
);
await writeFile(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);

// The licence of the repository is part of what is published.
const licence = join(PACKAGE, LICENCE);
if (wanted === "built") await copyFile(join(PACKAGE, "../..", LICENCE), licence);
else await rm(licence, { force: true });
