// What an operator should look at now.
import { readFlow, standingOf } from "./flow.ts";
import type { Watched } from "./monitor.ts";
import { readable, unreadable, type DatabaseStatus } from "./status.ts";

/** The key of a text, `problem_…`, and what it names. */
export type Concern = {
  about:
    | "status"
    | "metrics"
    | "mirror"
    | "mirror_behind"
    | "search"
    | "search_behind"
    | "projection"
    | "foreign"
    | "parked"
    | "webhook"
    | "shedding"
    | "seal"
    | "sessions"
    | "erasure";
  reason?: string;
  count?: number;
  seconds?: number;
  open?: number;
  max?: number;
};

/** A seal is made at the latest a minute after an event, unless it is set otherwise. */
const OLD_SEAL_SECONDS = 180;
const MANY_SESSIONS = 0.9;

export function findConcerns(watched: Watched, explain: (error: unknown) => string): Concern[] {
  const concerns: Concern[] = [];
  const { status, statusError, metricsError } = watched;
  if (statusError !== null) concerns.push({ about: "status", reason: explain(statusError) });
  if (metricsError !== null) concerns.push({ about: "metrics", reason: explain(metricsError) });
  if (status === null) return concerns;
  const mirror = unreadable(status.mirror);
  if (mirror !== null) concerns.push({ about: "mirror", reason: mirror });
  const shed = status.shedding;
  if (shed.length > 0) concerns.push({ about: "shedding", reason: shed.join(", ") });
  const followers = findLaggards(watched);
  const database = readable(status.database);
  return [...concerns, ...followers, ...(database === null ? [] : inDatabase(database))];
}

function findLaggards(watched: Watched): Concern[] {
  return readFlow(watched).flatMap((stage): Concern[] => {
    if (stage.error !== null || standingOf(stage) !== "bad") return [];
    const count = stage.behind ?? 0;
    if (stage.name === "mirror") return [{ about: "mirror_behind", count }];
    if (stage.name === "index") return [{ about: "search_behind", count }];
    return [{ about: "projection", seconds: stage.seconds ?? 0 }];
  });
}

function inDatabase(database: DatabaseStatus): Concern[] {
  const concerns: Concern[] = [];
  const search = unreadable(database.search);
  if (search !== null) concerns.push({ about: "search", reason: search });
  if (database.projection.is_foreign) concerns.push({ about: "foreign" });
  if (database.parked_events > 0) {
    concerns.push({ about: "parked", count: database.parked_events });
  }
  const broken = database.webhooks.filter(({ parked, state }) => parked > 0 || state === "gone");
  if (broken.length > 0) concerns.push({ about: "webhook", count: broken.length });
  const age = database.seal?.lag_seconds ?? 0;
  if (age > OLD_SEAL_SECONDS) concerns.push({ about: "seal", seconds: age });
  const { open, max } = database.sessions;
  if (open > MANY_SESSIONS * max) concerns.push({ about: "sessions", open, max });
  const { not_mirrored } = database.erasure;
  if (not_mirrored > 0) concerns.push({ about: "erasure", count: not_mirrored });
  return concerns;
}
