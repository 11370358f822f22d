// Chooses the store.
import type { ClientOptions } from "../client_api.ts";
import { openIndexedDb } from "./indexeddb.ts";
import { MemoryStorage } from "./memory.ts";
import type { Storage } from "./storage.ts";

export async function openStorage(
  choice: ClientOptions["storage"],
  name: string,
): Promise<Storage> {
  if (typeof choice === "object") return choice;
  const hasDatabase = typeof indexedDB !== "undefined";
  if (choice === "memory" || !hasDatabase) return new MemoryStorage();
  try {
    return await openIndexedDb(name);
  } catch (error) {
    // Private windows of some browsers have none: the client works, but starts empty each time.
    console.warn("Tidings works without a store:", error);
    return new MemoryStorage();
  }
}
