// The bytes of the files that the outbox uploads: in memory, and in the store in case the page is
// closed before they have arrived.
import type { OutboxItem } from "../model/state.ts";
import type { Storage } from "../store/storage.ts";

export class FileBytes {
  readonly #memory = new Map<string, Blob>();
  #storage: Storage | null = null;

  /** `null`: the store is closed. */
  use(storage: Storage | null): void {
    this.#storage = storage;
  }

  /** Keeps the bytes of an item. */
  async keep(id: string, bytes: Blob): Promise<void> {
    this.#memory.set(id, bytes);
    try {
      await this.#storage?.write([{ table: "files", key: id, value: bytes }]);
    } catch (error) {
      // The upload works, but does not survive a reload.
      console.warn("Tidings cannot store a file:", error);
    }
  }

  /** Those that were kept in this tab. */
  inMemory(id: string): Blob | undefined {
    return this.#memory.get(id);
  }

  async find(id: string): Promise<Blob | null> {
    const known = this.#memory.get(id);
    if (known) return known;
    const stored = (await this.#readAll()).get(id);
    return stored instanceof Blob ? stored : null;
  }

  /** Forgets what no item needs; `inStore` too only in the tab that leads. */
  async retain(outbox: readonly OutboxItem[], inStore: boolean): Promise<void> {
    const needed = new Set(outbox.map((item) => item.id));
    const isOver = (id: string) => !needed.has(id);
    for (const id of [...this.#memory.keys()].filter(isOver)) this.#memory.delete(id);
    if (!inStore || !this.#storage) return;
    const over = [...(await this.#readAll()).keys()].filter(isOver);
    await this.#storage
      .write(over.map((key) => ({ table: "files", key, value: undefined })))
      .catch(() => {
        // The store was closed; the next start removes them.
      });
  }

  async #readAll(): Promise<Map<string, unknown>> {
    try {
      return new Map(await this.#storage?.readAll("files"));
    } catch {
      return new Map();
    }
  }
}
