// Builds the pages: node web/build.mjs [--out DIR]. The default DIR is web/dist.
// The same sources always give the same bytes, so that the committed pages can be compared.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const WEB = dirname(fileURLToPath(import.meta.url));
const PAGES = ["chat", "ops"];

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = values.out === undefined ? join(WEB, "dist") : resolve(values.out);

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  absWorkingDir: WEB,
  entryPoints: Object.fromEntries(PAGES.map((page) => [page, `${page}/main.tsx`])),
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["es2024", "chrome123", "firefox125", "safari17.5"],
  minify: true,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  // React's names appear only in the sync core's hooks, which the pages do not use.
  alias: { react: "preact/compat" },
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
for (const page of PAGES) {
  await copyFile(join(WEB, page, `${page}.html`), join(out, `${page}.html`));
}
await copyFile(join(WEB, "shared/icon.svg"), join(out, "icon.svg"));
