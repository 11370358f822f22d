// A store in the browser: a database for each server and user.
import type { Storage, StorageChange, Table } from "./storage.ts";

/** Raise it when what is stored changes its form: all but the outbox is then read again. */
const VERSION = 4;
const TABLES: readonly Table[] = [
  "meta",
  "conversations",
  "timelines",
  "people",
  "outbox",
  "files",
];
const LASTING: readonly string[] = ["outbox", "files"];
/** Each value is copied when it is put: all rows of a large inbox at once would stop the page. */
const PUTS_PER_TASK = 250;

/** Opens the database, or fails where the browser does not allow one. */
export async function openIndexedDb(name: string): Promise<Storage> {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    const database = request.result;
    for (const table of TABLES) {
      const exists = database.objectStoreNames.contains(table);
      if (exists && LASTING.includes(table)) continue;
      if (exists) database.deleteObjectStore(table);
      database.createObjectStore(table);
    }
  };
  const database = await resultOf(request);
  // A tab with a newer version may upgrade; this one goes on without the store.
  database.onversionchange = () => database.close();
  return new IndexedDbStorage(database);
}

class IndexedDbStorage implements Storage {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async readAll(table: Table): Promise<[string, unknown][]> {
    const store = this.#database.transaction(table).objectStore(table);
    const [keys, values] = [store.getAllKeys(), store.getAll()];
    const [found, rows] = await Promise.all([resultOf(keys), resultOf(values)]);
    return found.map((key, index) => [String(key), rows[index]]);
  }

  async write(changes: readonly StorageChange[]): Promise<void> {
    if (changes.length === 0) return;
    const tables = [...new Set(changes.map((change) => change.table))];
    const transaction = this.#database.transaction(tables, "readwrite");
    await Promise.all([completion(transaction), putInTurns(transaction, changes)]);
  }

  async clear(): Promise<void> {
    const transaction = this.#database.transaction([...TABLES], "readwrite");
    for (const table of TABLES) transaction.objectStore(table).clear();
    await completion(transaction);
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

/** The transaction lasts until no request is pending, so the page does other work in between. */
async function putInTurns(
  transaction: IDBTransaction,
  changes: readonly StorageChange[],
): Promise<void> {
  for (let start = 0; start < changes.length; start += PUTS_PER_TASK) {
    const turn = changes.slice(start, start + PUTS_PER_TASK).map(({ table, key, value }) => {
      const store = transaction.objectStore(table);
      return value === undefined ? store.delete(key) : store.put(value, key);
    });
    const last: IDBRequest | undefined = turn.at(-1);
    if (last) await resultOf(last);
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
