// Where a client keeps its state between two starts.

/** A key-value store in tables. All writes of one `write` take effect together, or none. */
export interface Storage {
  /** Reads a whole table. */
  readAll(table: Table): Promise<[key: string, value: unknown][]>;
  write(changes: readonly StorageChange[]): Promise<void>;
  /** Removes everything. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** `files` has the bytes (a `Blob`) of the files that the outbox uploads. */
export type Table = "meta" | "conversations" | "timelines" | "people" | "outbox" | "files";

/** A value to keep, or `undefined` to remove the key. */
export interface StorageChange {
  readonly table: Table;
  readonly key: string;
  readonly value: unknown;
}
