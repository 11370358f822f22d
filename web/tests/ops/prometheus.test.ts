import assert from "node:assert/strict";
import { test } from "node:test";
import { largest, parseExposition, sum, sumBy } from "../../ops/data/prometheus.ts";

const TEXT = `# HELP requests_total Requests
# TYPE requests_total counter
requests_total{route="/a",status="200"} 3
requests_total{route="/b",status="500"} 2 1700000000000

up 1
odd{text="a \\"b\\", {c}\\n\\\\ d", other=""} +Inf
nothing NaN
small{le="0.5",} 1.5e-3
`;

test("samples have a name, labels and a value", () => {
  const parsed = parseExposition(TEXT);
  assert.deepEqual(parsed.get("up"), [{ labels: {}, value: 1 }]);
  assert.deepEqual(parsed.get("requests_total"), [
    { labels: { route: "/a", status: "200" }, value: 3 },
    { labels: { route: "/b", status: "500" }, value: 2 },
  ]);
  assert.deepEqual(parsed.get("odd"), [
    { labels: { text: 'a "b", {c}\n\\ d', other: "" }, value: Infinity },
  ]);
  assert.equal(parsed.get("nothing")?.[0]?.value, NaN);
  assert.deepEqual(parsed.get("small"), [{ labels: { le: "0.5" }, value: 0.0015 }]);
  assert.equal(parsed.size, 5);
});

test("a line that is not a sample is named", () => {
  for (const line of ["<html>", "up", 'a{b="c} 1', "a{b=c} 1", "up 0x10x", "up one"]) {
    assert.throws(() => parseExposition(`ok 1\n${line}\n`), /Line 2 of the metrics/, line);
  }
});

test("values are added over the series that match", () => {
  const parsed = parseExposition(TEXT);
  assert.equal(sum(parsed, "requests_total"), 5);
  assert.equal(sum(parsed, "requests_total", { status: /^5/ }), 2);
  assert.equal(sum(parsed, "requests_total", { route: "/c" }), null);
  assert.equal(sum(parsed, "absent"), null);
  assert.equal(largest(parsed, "requests_total"), 3);
  assert.equal(largest(parsed, "absent"), null);
  assert.deepEqual([...sumBy(parsed, "requests_total", "route")], [["/a", 3], ["/b", 2]]);
});
