// Watches the system while the console is open: the metrics every other second, and the status.
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { startPoll, type Polling } from "./poll.ts";
import type { Exposition } from "./prometheus.ts";
import { read, refusals, type Reading, type Refusals } from "./readings.ts";
import { Scrapes } from "./scrapes.ts";
import { adviceOf, type Session } from "./session.ts";
import type { Status } from "./status.ts";

export type Watched = {
  status: Status | null;
  statusError: unknown;
  /** The newest last: those of the last minutes. */
  readings: readonly Reading[];
  refusals: Refusals;
  /** The newest metrics of each process behind this address. */
  processes: readonly Exposition[];
  metricsError: unknown;
  /** False if this address does not serve them. */
  hasMetrics: boolean;
};

const METRICS_MS = 2000;
const STATUS_MS = 5000;
const KEPT_MS = 15 * 60_000;

const NOTHING: Watched = {
  status: null,
  statusError: null,
  readings: [],
  refusals: new Map(),
  processes: [],
  metricsError: null,
  hasMetrics: true,
};

export class Monitor {
  #watched = NOTHING;
  #scrapes = new Scrapes();
  #listeners = new Set<() => void>();
  #polls: Polling[] = [];
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get watched(): Watched {
    return this.#watched;
  }

  start(): void {
    const metrics = startPoll({
      every: METRICS_MS,
      ask: (signal) => this.#session.readMetrics(signal),
      onAnswer: (exposition) => this.#addMetrics(exposition),
      onFailure: (metricsError) => this.#set({ metricsError }),
      advice: adviceOf,
    });
    const status = startPoll({
      every: STATUS_MS,
      ask: (signal) => this.#readStatus(signal),
      onAnswer: (answer) => this.#addStatus(answer),
      onFailure: (statusError) => this.#set({ statusError }),
      advice: adviceOf,
    });
    this.#polls = [metrics, status];
  }

  stop(): void {
    for (const poll of this.#polls) poll.stop();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #readStatus(signal: AbortSignal): Promise<Status> {
    return this.#session.read(this.#session.api.GET("/v1/admin/status", { signal }));
  }

  #addStatus(status: Status): void {
    this.#set({ status, statusError: null });
    // Without metrics, the status alone says something about lags.
    if (!this.#watched.hasMetrics) this.#addReading(Date.now(), [], []);
  }

  #addMetrics(exposition: Exposition | null): void {
    if (exposition === null) return this.#set({ hasMetrics: false, metricsError: null });
    const at = Date.now();
    const intervals = this.#scrapes.add({ at, exposition });
    const processes = this.#scrapes.newest;
    this.#set({
      hasMetrics: true,
      metricsError: null,
      processes,
      refusals: refusals(intervals),
    });
    this.#addReading(at, intervals, processes);
  }

  #addReading(at: number, ...metrics: [Parameters<typeof read>[1], readonly Exposition[]]): void {
    const reading = read(at, ...metrics, this.#watched.status);
    const kept = this.#watched.readings.filter((each) => each.at * 1000 > at - KEPT_MS);
    this.#set({ readings: [...kept, reading] });
  }

  #set(change: Partial<Watched>): void {
    this.#watched = { ...this.#watched, ...change };
    for (const listener of this.#listeners) listener();
  }
}

export const MonitorContext = createContext<Monitor | null>(null);

/** What the monitor of the page sees; the component is drawn again when it changes. */
export function useWatched(): Watched {
  const monitor = useContext(MonitorContext)!;
  const [watched, setWatched] = useState(monitor.watched);
  useEffect(() => {
    setWatched(monitor.watched);
    return monitor.subscribe(() => setWatched(monitor.watched));
  }, [monitor]);
  return watched;
}
