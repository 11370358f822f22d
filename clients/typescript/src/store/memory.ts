// A store that lasts as long as the process.
import type { Storage, StorageChange, Table } from "./storage.ts";

export class MemoryStorage implements Storage {
  readonly #tables = new Map<Table, Map<string, unknown>>();

  async readAll(table: Table): Promise<[string, unknown][]> {
    return [...(this.#tables.get(table) ?? [])];
  }

  async write(changes: readonly StorageChange[]): Promise<void> {
    for (const { table, key, value } of changes) {
      let rows = this.#tables.get(table);
      if (!rows) this.#tables.set(table, (rows = new Map()));
      if (value === undefined) rows.delete(key);
      else rows.set(key, value);
    }
  }

  async clear(): Promise<void> {
    this.#tables.clear();
  }

  async close(): Promise<void> {}
}
