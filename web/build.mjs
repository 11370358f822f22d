// Builds the pages: node web/build.mjs [--out DIR]. The default DIR is web/dist.
// The same sources always give the same bytes, so that the committed pages can be compared.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const WEB = dirname(fileURLToPath(import.meta.url));
const PAGES = ["chat", "ops"];
const TARGETS = ["es2024", "chrome123", "firefox125", "safari17.5"];

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = values.out === undefined ? join(WEB, "dist") : resolve(values.out);

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await build({
  absWorkingDir: WEB,
  entryPoints: {
    ...Object.fromEntries(PAGES.map((page) => [page, `${page}/main.tsx`])),
    "service-worker": "chat/notifications/service_worker.ts",
    "widget-frame": "widget/main.tsx",
  },
  outdir: out,
  bundle: true,
  format: "esm",
  target: TARGETS,
  minify: true,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  // React's names appear only in the sync core's hooks, which the pages do not use.
  alias: { react: "preact/compat" },
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
  metafile: true,
});
// A classic script, since only that knows the element that loads it.
await build({
  absWorkingDir: WEB,
  entryPoints: { widget: "widget/loader.ts" },
  outdir: out,
  bundle: true,
  format: "iife",
  target: TARGETS,
  minify: true,
  logLevel: "warning",
});
for (const page of PAGES) {
  await copyFile(join(WEB, page, `${page}.html`), join(out, `${page}.html`));
}
await copyFile(join(WEB, "widget/widget.html"), join(out, "widget.html"));
await copyFile(join(WEB, "shared/icon.svg"), join(out, "icon.svg"));
await copyFile(join(WEB, "chat/chat.webmanifest"), join(out, "chat.webmanifest"));
await writeFile(join(out, "licences.txt"), await listLicences(Object.keys(metafile.inputs)));

/** The licence texts of the packages that became part of the pages. */
async function listLicences(inputs) {
  const found = inputs.map((path) => /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path));
  const packages = new Map(found.filter(Boolean).map(([, directory, name]) => [name, directory]));
  const texts = [...packages].sort().map(async ([name, directory]) => {
    const { version, license } = JSON.parse(await readFile(join(WEB, directory, "package.json")));
    const text = await readFile(join(WEB, directory, "LICENSE"), "utf8");
    return `${name} ${version}: ${license}\n\n${text.trimEnd()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"=".repeat(80)}\n`);
}
