// Keeps the scrapes of each process apart: behind one address there may be several, and a process
// that was restarted counts from 0 again.
import { sum, type Exposition } from "./prometheus.ts";
import type { Interval } from "./rates.ts";

export type Scrape = { at: number; exposition: Exposition };

/** Rates are those of this time; over a shorter one they jump too much to be read. */
const INTERVAL_MS = 10_000;
/** A process that did not answer for so long no longer counts. */
const FORGET_AFTER_MS = 30_000;

export class Scrapes {
  #processes = new Map<string, Scrape[]>();

  /** Adds a scrape and returns the newest interval of each process. */
  add(scrape: Scrape): Interval[] {
    const key = identify(scrape.exposition);
    const earlier = this.#processes.get(key) ?? [];
    const recent = earlier.filter(({ at }) => at >= scrape.at - INTERVAL_MS);
    const kept = recent.length > 0 ? recent : earlier.slice(-1);
    this.#processes.set(key, [...kept, scrape]);
    for (const [other, scrapes] of this.#processes) {
      const newest = scrapes.at(-1);
      if (newest !== undefined && newest.at < scrape.at - FORGET_AFTER_MS) {
        this.#processes.delete(other);
      }
    }
    return [...this.#processes.values()].flatMap(toInterval);
  }

  /** The newest scrape of each process. */
  get newest(): Exposition[] {
    return [...this.#processes.values()].flatMap((scrapes) => scrapes.at(-1)?.exposition ?? []);
  }
}

function toInterval(scrapes: readonly Scrape[]): Interval[] {
  const [earlier, later] = [scrapes[0], scrapes.at(-1)];
  if (earlier === undefined || later === undefined) return [];
  const elapsed = later.at - earlier.at;
  // A page that was hidden has no rates of that time.
  if (elapsed <= 0 || elapsed > 2 * FORGET_AFTER_MS) return [];
  const seconds = elapsed / 1000;
  return [{ seconds, earlier: earlier.exposition, later: later.exposition }];
}

/** What tells processes apart: when they began, and which databases they use for what. */
function identify(exposition: Exposition): string {
  const began = sum(exposition, "process_start_time_seconds") ?? 0;
  const pools = (exposition.get("tidings_pool_connections") ?? []).map(({ labels }) => labels.pool);
  return [began, ...new Set(pools.sort())].join(" ");
}
