// Bugs to plant into a copy of the client: the checks must find each of them.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface Replacement {
  file: string;
  find: string;
  replace: string;
}

export interface Plant {
  readonly what: string;
  readonly replacements: readonly Replacement[];
}

export const PLANTS: Readonly<Record<string, Plant>> = {
  "lost-ack": {
    what: "the client applies entries and does not acknowledge them",
    replacements: [
      {
        file: "live/acks.ts",
        find: 'if (send({ type: "ack", cursor })) return;',
        replace: "if (send) return;",
      },
    ],
  },
  "lost-resend": {
    what: "the outbox gives up a message whose request got no answer",
    replacements: [
      {
        file: "outbox/sender.ts",
        find: "this.#holder.update((state) => requeueItem(state, item.id));",
        replace: "this.#holder.update((state) => removeItem(state, item.id));",
      },
    ],
  },
  "double-apply": {
    what: "an entry that the server repeats is applied again",
    replacements: [
      {
        file: "sync/apply_entry.ts",
        find: "isKnown(state, entry) ? state : applyEntry(state, entry);",
        replace: "applyEntry(isKnown(state, entry) ? state : applyEntry(state, entry), entry);",
      },
      {
        file: "sync/rows.ts",
        find: "if (entry.position <= row.position) {",
        replace: "if (entry.position < row.position) {",
      },
    ],
  },
  "kept-cursor": {
    what: "the cursor is kept over a 410",
    replacements: [
      {
        file: "model/initial_state.ts",
        find: "    epoch: state.epoch + 1,",
        replace: "    epoch: state.epoch + 1,\n    cursor: state.cursor,",
      },
    ],
  },
};

/** The source of the client. */
export function clientSource(): string {
  return dirname(fileURLToPath(import.meta.resolve("@tidings/client")));
}

/** Copies the client with the bug into a directory, and returns the path of its entry point. */
export function plant(bugName: string, directory: string): string {
  const bug = PLANTS[bugName];
  if (!bug) throw new Error(`There is no bug ${bugName}: choose ${Object.keys(PLANTS).join(", ")}.`);
  const source = clientSource();
  const copy = join(directory, "planted");
  cpSync(source, copy, { recursive: true });
  mkdirSync(join(directory, "node_modules"), { recursive: true });
  const fetchPackage = fileURLToPath(import.meta.resolve("openapi-fetch"));
  const name = "openapi-fetch";
  const root = fetchPackage.slice(0, fetchPackage.indexOf(name) + name.length);
  symlinkSync(root, join(directory, "node_modules/openapi-fetch"));
  for (const { file, find, replace } of bug.replacements) {
    const path = join(copy, file);
    const text = readFileSync(path, "utf8");
    if (text.split(find).length !== 2) throw new Error(`${file} does not have once: ${find}`);
    writeFileSync(path, text.replace(find, () => replace));
  }
  return join(copy, "index.ts");
}
