import assert from "node:assert/strict";
import { test } from "node:test";
import { percent, toFigures } from "../../ops/data/desk_figures.ts";
import type { DeskMetricsRow } from "../../ops/data/schemas.ts";

const row = (key: string, opened: number): DeskMetricsRow => ({
  key,
  opened,
  accepted: opened,
  closed: 0,
  transferred: 0,
  abandoned: 0,
  waiting_p50_s: 1.5,
  waiting_p95_s: null,
  first_reply_p50_s: null,
  first_reply_p95_s: null,
  handling_p50_s: null,
  replied_in_target: 0,
  due: 0,
  reply_rate: null,
  rating_avg: null,
  messages: 3,
});

test("days in which nothing happened are zero, and have no times", () => {
  const from = new Date("2026-11-01T13:00:00Z");
  const to = new Date("2026-11-03T13:00:00Z");
  const figures = toFigures([row("2026-11-03", 2)], "day", from, to);
  assert.deepEqual(figures.map(({ key }) => key), ["2026-11-01", "2026-11-02", "2026-11-03"]);
  assert.deepEqual(figures.map(({ opened }) => opened), [0, 0, 2]);
  assert.deepEqual(figures.map((each) => each.waiting_p50_s), [null, null, 1.5]);
  assert.equal(figures[0]?.at, Date.parse("2026-11-01") / 1000);
});

test("hours are those of the log", () => {
  const from = new Date("2026-11-01T13:20:00Z");
  const to = new Date("2026-11-01T15:20:00Z");
  const figures = toFigures([row("2026-11-01T14:00:00Z", 1)], "hour", from, to);
  assert.deepEqual(figures.map(({ opened }) => opened), [0, 1, 0]);
});

test("agents keep their order", () => {
  const now = new Date();
  const figures = toFigures([row("ben", 1), row("dora", 2)], "agent", now, now);
  assert.deepEqual(figures.map(({ key, at }) => [key, at]), [["ben", 0], ["dora", 1]]);
});

test("a share is a percentage", () => {
  assert.equal(percent(0.25), 25);
  assert.equal(percent(null), null);
});
