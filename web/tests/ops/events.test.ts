import assert from "node:assert/strict";
import { test } from "node:test";
import { author, concerned, parseEvents, shortType, summarise } from "../../ops/data/events.ts";
import type { LogEvent } from "../../ops/data/events.ts";
import { addNewer } from "../../ops/data/event_feed.ts";
import { findBefore } from "../../ops/data/scan.ts";
import { linkTo, parseRoute } from "../../ops/route.ts";

function event(position: number, more: Partial<LogEvent> = {}): LogEvent {
  return {
    id: `${position}.0a`,
    source: "/conversations/lunch",
    type: "tidings.message_sent.v1",
    time: "2026-11-29T08:44:19.904Z",
    position,
    sequence: position,
    data: { sender: "ann", body: { text: "noodles?" } },
    ...more,
  };
}

test("an event is shown by its type, author and text", () => {
  const sent = event(1);
  assert.equal(shortType(sent.type), "message_sent");
  assert.equal(author(sent), "ann");
  assert.equal(author(event(1, { actor: "root" })), "root");
  assert.equal(summarise(sent), "noodles?");
  const acked = event(2, { source: "/mailboxes/bob", data: { device: "phone", cursor: 7 } });
  assert.deepEqual([author(acked), concerned(acked)], ["bob", "bob"]);
  assert.equal(summarise(acked), "device: phone · cursor: 7");
  const added = event(3, { data: { by: "ann", user: "bob", role: "member" } });
  assert.deepEqual([author(added), concerned(added)], ["ann", "bob"]);
  assert.equal(summarise(added), "user: bob · role: member");
});

test("events come one on each line", () => {
  const text = `${JSON.stringify(event(1))}\n${JSON.stringify(event(2))}\n`;
  assert.deepEqual(parseEvents(text), [event(1), event(2)]);
  assert.deepEqual(parseEvents(""), []);
});

/** A log in which every so-many-th event matches; it counts what was asked. */
function log(matching: (position: number) => boolean) {
  const asked: [number, number][] = [];
  const read = async (after: number, upTo: number, limit: number) => {
    asked.push([after, upTo]);
    const found: LogEvent[] = [];
    for (let at = after + 1; at <= upTo && found.length < limit; at += 1) {
      if (matching(at)) found.push(event(at));
    }
    return found;
  };
  return { asked, read };
}

const positions = (events: LogEvent[]) => events.map(({ position }) => position);

test("the newest events come from the end of the log, in one request", async () => {
  const { asked, read } = log(() => true);
  const found = await findBefore(1000, 3, read);
  assert.deepEqual(positions(found.events), [1000, 999, 998]);
  assert.equal(found.readTo, 997);
  assert.equal(asked.length, 1);
  const more = await findBefore(found.readTo, 3, read);
  assert.deepEqual(positions(more.events), [997, 996, 995]);
});

test("rare events are found in longer and longer ranges", async () => {
  const { asked, read } = log((position) => position % 20_000 === 1);
  const found = await findBefore(100_000, 4, read);
  assert.deepEqual(positions(found.events), [80_001, 60_001, 40_001, 20_001]);
  assert.ok(asked.length <= 6, `${asked.length} requests`);
});

test("at the beginning of the log there is nothing more", async () => {
  const { read } = log(() => false);
  assert.deepEqual(await findBefore(5000, 10, read), { events: [], readTo: 0 });
  assert.deepEqual(await findBefore(0, 10, read), { events: [], readTo: 0 });
});

test("no event is left out where a range has more than an answer", async () => {
  const { read } = log((position) => position <= 80_000);
  const found = await findBefore(100_000, 25_000, read);
  assert.equal(found.events[0]?.position, 80_000);
  found.events.forEach(({ position }, index) => assert.equal(position, 80_000 - index));
});

test("entries with one position stay together", async () => {
  const all = [1, 2, 2, 2, 3].map((position, index) => ({ position, index }));
  const read = async (after: number, upTo: number) =>
    all.filter(({ position }) => position > after && position <= upTo);
  const found = await findBefore(3, 2, read);
  assert.deepEqual(found.events.map(({ position }) => position), [3, 2, 2, 2]);
  assert.equal(found.readTo, 1);
});

test("an address and its parts", () => {
  const address = linkTo(["people", "a/b %"], { as_of: "7", empty: "" });
  assert.equal(address, "#/people/a%2Fb%20%25?as_of=7");
  const route = parseRoute(address);
  assert.deepEqual(route.path, ["people", "a/b %"]);
  assert.equal(route.query.get("as_of"), "7");
  assert.deepEqual(parseRoute("").path, []);
  assert.deepEqual(parseRoute("#/people/%").path, ["people", "%"]);
});

test("new events come first, and those that no longer fit can be loaded again", () => {
  const shown = { events: [event(5), event(4)], readTo: 3, head: 5 };
  const next = addNewer(shown, [event(6), event(7)], 9);
  assert.deepEqual(positions([...next.events]), [7, 6, 5, 4]);
  assert.deepEqual([next.readTo, next.head], [3, 9]);
  const many = Array.from({ length: 2000 }, (_, index) => event(index + 6));
  const full = addNewer(shown, many, 2005);
  assert.equal(full.events.length, 2000);
  assert.deepEqual([full.events.at(-1)?.position, full.readTo], [6, 5]);
});
