// What the plots of the health page show: one reading for each scrape.
import { largest, type Exposition } from "./prometheus.ts";
import {
  bucketsBetween,
  fastest,
  mean,
  quantile,
  rate,
  rateBy,
  type Interval,
} from "./rates.ts";
import { readable, type Status } from "./status.ts";

export type Value = number | null;

export type Reading = {
  /** In seconds since 1970. */
  at: number;
  /** Messages sent and events appended, per second. */
  sends: Value;
  events: Value;
  /** Entries sent over live connections, and webhook deliveries by outcome, per second. */
  live: Value;
  accepted: Value;
  failed: Value;
  /** Events that each part lacks. */
  mirrorLag: Value;
  projectionLag: Value;
  searchLag: Value;
  webhookLag: Value;
  /** The age of the oldest event that each part lacks, in seconds. */
  projectionAge: Value;
  moderationAge: Value;
  webhookAge: Value;
  /** Group commits, in milliseconds, and their size. */
  commitHalf: Value;
  commitMost: Value;
  commitEvents: Value;
  /** Requests, in milliseconds, and per second. */
  requestHalf: Value;
  requestMost: Value;
  requests: Value;
  connections: Value;
  /** Commands that a rule refused, answers of the class 5xx, and dropped live connections. */
  refused: Value;
  broken: Value;
  slow: Value;
};

/** The refusals of the newest interval, by problem code. */
export type Refusals = ReadonlyMap<string, number>;

const HTTP = "tidings_http_requests_total";
const TRIES = "tidings_webhook_tries_total";
/** Waiting for live entries is no work, so these requests say nothing about speed. */
const NOT_LIVE = { route: /^(?!\/v1\/(live|events)$)/ };

/** The reading at a time, from the intervals of all processes and the newest status. */
export function read(
  at: number,
  intervals: readonly Interval[],
  newest: readonly Exposition[],
  status: Status | null,
): Reading {
  const most = (name: string) => over(newest, name);
  const database = readable(status?.database);
  const mirror = readable(status?.mirror);
  const commits = bucketsBetween(intervals, "tidings_commit_seconds");
  const requests = bucketsBetween(intervals, "tidings_http_seconds", NOT_LIVE);
  return {
    at: at / 1000,
    sends: rate(intervals, "tidings_command_seconds_count", { op: /^send/, outcome: "done" }),
    events: fastest(intervals, "tidings_log_head"),
    live: rate(intervals, "tidings_live_entries_total"),
    accepted: rate(intervals, TRIES, { outcome: "accepted" }),
    failed: rate(intervals, TRIES, { outcome: /^(?!accepted$)/ }),
    mirrorLag: most("tidings_mirror_lag_events") ?? mirror?.lag_events ?? null,
    projectionLag: most("tidings_projection_lag_events") ?? database?.projection.events ?? null,
    searchLag: most("tidings_search_lag_events") ?? readable(database?.search)?.lag_events ?? null,
    webhookLag: most("tidings_webhook_lag_events"),
    projectionAge: most("tidings_projection_lag_seconds") ?? database?.projection.seconds ?? null,
    moderationAge: most("tidings_moderation_lag_seconds") ?? database?.moderation.seconds ?? null,
    webhookAge: most("tidings_webhook_lag_seconds"),
    commitHalf: milliseconds(quantile(commits, 0.5)),
    commitMost: milliseconds(quantile(commits, 0.99)),
    commitEvents: mean(intervals, "tidings_commit_batch_events"),
    requestHalf: milliseconds(quantile(requests, 0.5)),
    requestMost: milliseconds(quantile(requests, 0.99)),
    requests: rate(intervals, HTTP),
    connections: most("tidings_live_connections"),
    refused: rate(intervals, "tidings_refused_total") ?? zeroIf(intervals),
    broken: rate(intervals, HTTP, { status: /^5/ }) ?? zeroIf(intervals),
    slow: rate(intervals, "tidings_live_slow_total") ?? zeroIf(intervals),
  };
}

export function refusals(intervals: readonly Interval[]): Refusals {
  return rateBy(intervals, "tidings_refused_total", "code");
}

function over(newest: readonly Exposition[], name: string): Value {
  const values = newest.flatMap((exposition) => largest(exposition, name) ?? []);
  return values.length === 0 ? null : Math.max(...values);
}

function milliseconds(seconds: Value): Value {
  return seconds === null ? null : seconds * 1000;
}

/** A counter appears with its first count; until then there was nothing to count. */
function zeroIf(intervals: readonly Interval[]): Value {
  return intervals.length > 0 ? 0 : null;
}
