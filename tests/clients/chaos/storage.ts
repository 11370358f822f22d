// A store that outlives its client, and that can be cut off as by a crash.
import type { Storage, StorageChange, Table } from "@tidings/client";

export class CrashStorage implements Storage {
  readonly #tables: Map<Table, Map<string, unknown>>;
  #isCut = false;

  constructor(tables = new Map<Table, Map<string, unknown>>()) {
    this.#tables = tables;
  }

  /** What has been written so far. This store takes nothing more. */
  crash(): CrashStorage {
    this.#isCut = true;
    return new CrashStorage(this.#tables);
  }

  keys(table: Table): string[] {
    return [...(this.#tables.get(table)?.keys() ?? [])];
  }

  async readAll(table: Table): Promise<[string, unknown][]> {
    return [...(this.#tables.get(table) ?? [])];
  }

  async write(changes: readonly StorageChange[]): Promise<void> {
    if (this.#isCut) return;
    for (const { table, key, value } of changes) {
      const rows = this.#tables.get(table) ?? new Map<string, unknown>();
      this.#tables.set(table, rows);
      // As a database does: what is written is a copy.
      if (value === undefined) rows.delete(key);
      else rows.set(key, structuredClone(value));
    }
  }

  async clear(): Promise<void> {
    if (!this.#isCut) this.#tables.clear();
  }

  async close(): Promise<void> {}
}
