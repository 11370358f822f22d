import assert from "node:assert/strict";
import { test } from "node:test";
import { findConcerns } from "../../ops/data/attention.ts";
import { readFlow, standingOf } from "../../ops/data/flow.ts";
import { parseExposition } from "../../ops/data/prometheus.ts";
import type { Watched } from "../../ops/data/monitor.ts";
import type { Status } from "../../ops/data/status.ts";

const STATUS: Status = {
  state: "running",
  data: "/data",
  data_bytes: 1,
  shedding: [],
  mirror: { first: 1, position: 100, lag_events: 0, version: "2.15.1" },
  database: {
    url: "postgres://h/d",
    version: "18.6",
    head_time: "2026-11-29T08:44:19.904Z",
    parked_events: 0,
    projection: { head: 100, position: 98, events: 2, seconds: 0.1, is_foreign: false },
    search: { position: 97, lag_events: 1, messages: 90, bytes: 1000 },
    moderation: { position: 100, events: 0, seconds: 0 },
    seal: { position: 90, at: "2026-11-29T08:44:19.904Z", public_key: "02", lag_seconds: 20 },
    erasure: { position: 0, ordered: 0, events: 0, not_mirrored: 0, files_at: 0 },
    retention: [],
    sync_floor: 0,
    sessions: { open: 20, max: 100, by_name: {} },
    sizes: { database: 1, log: 1, read: 1 },
    webhooks: [],
  },
};

function watched(status: Status | null, metrics = ""): Watched {
  return {
    status,
    statusError: null,
    readings: [],
    refusals: new Map(),
    processes: metrics === "" ? [] : [parseExposition(metrics)],
    metricsError: null,
    hasMetrics: true,
  };
}

const concernsOf = (state: Watched) => findConcerns(state, String);
const names = (state: Watched) => concernsOf(state).map(({ about }) => about);

test("a system that only has events on their way needs no attention", () => {
  assert.deepEqual(names(watched(STATUS)), []);
  const [log, mirror, projections, index] = readFlow(watched(STATUS));
  assert.deepEqual([log?.position, mirror?.position, projections?.behind], [100, 100, 2]);
  assert.equal(standingOf(projections!), "busy");
  assert.equal(index?.behind, 1);
});

test("metrics are newer than the status", () => {
  const metrics = "tidings_log_head 120\ntidings_projection_lag_events 0";
  const [log, , projections] = readFlow(watched(STATUS, metrics));
  assert.deepEqual([log?.position, projections?.behind], [120, 0]);
});

test("each part that is broken or behind is named", () => {
  const database = STATUS.database!;
  const broken: Status = {
    ...STATUS,
    shedding: ["typing", "presence"],
    mirror: { error: "NATS does not answer" },
    database: {
      ...database,
      parked_events: 3,
      projection: { head: 100, position: 50, events: 50, seconds: 40, is_foreign: true },
      search: { error: "no index" },
      seal: { position: 1, at: "2026-11-29T08:44:19.904Z", public_key: "02", lag_seconds: 900 },
      sessions: { open: 95, max: 100, by_name: {} },
      erasure: { ...database.erasure, ordered: 2, not_mirrored: 4 },
      webhooks: [webhook("on", 2), webhook("gone", 0), webhook("on", 0)],
    },
  };
  assert.deepEqual(names(watched(broken)), [
    "mirror",
    "shedding",
    "projection",
    "search",
    "foreign",
    "parked",
    "webhook",
    "seal",
    "sessions",
    "erasure",
  ]);
  const found = new Map(concernsOf(watched(broken)).map((concern) => [concern.about, concern]));
  assert.equal(found.get("mirror")?.reason, "NATS does not answer");
  assert.equal(found.get("webhook")?.count, 2);
});

function webhook(state: string, parked: number) {
  const failure = { delivered_at: null, error: null, error_at: null };
  const place = { position: 1, head: 1, delivered: 0, waiting: 0, parked };
  return { id: 1, url: "https://a.example", kind: "events", types: [], state, ...place, ...failure };
}

test("a backlog of the mirror or the index is named with its size", () => {
  const metrics = "tidings_mirror_lag_events 5000\ntidings_search_lag_events 2000";
  const found = concernsOf(watched(STATUS, metrics));
  assert.deepEqual(found, [
    { about: "mirror_behind", count: 5000 },
    { about: "search_behind", count: 2000 },
  ]);
});

test("what cannot be read is named before anything is known", () => {
  const state = { ...watched(null), statusError: "down", metricsError: "down" };
  assert.deepEqual(names(state), ["status", "metrics"]);
});
