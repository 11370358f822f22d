// Panels that find and list messages: search, threads, scheduled, held; and why a badge shows its
// number. Two people in two windows.
import { randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { signUp } from "./api.mjs";
import { until } from "./checks.mjs";
import { runParts } from "./panel_window.mjs";

const { ADMIN_TOKEN, TIDINGS_URL } = process.env;
const annCalls = await signUp(TIDINGS_URL, "ann", "Ann Smith");
const bobCalls = await signUp(TIDINGS_URL, "bob", "Bob Jones");
const lunch = `lunch.${annCalls.user}`;
const walks = `walks.${annCalls.user}`;
let ann, bob;

async function prepare() {
  await until("their names are known", async () => {
    const names = await Promise.all([annCalls, bobCalls].map((caller) => nameOf(caller)));
    return !names.includes(null);
  });
  await annCalls.createGroup(lunch, "Lunch", [bobCalls.user]);
  await annCalls.createGroup(walks, "Walks", [bobCalls.user]);
  await annCalls.send(lunch, "👍🏽👩‍👩‍👧 noodles at noon, 我们去吃面条");
  await bobCalls.send(lunch, `${"before ".repeat(60)} e\u0301clair noodles ${"after ".repeat(60)}`);
  await bobCalls.send(walks, "no noodles on the way: https://walks.example/map");
  await annCalls.sendMany(walks, Array.from({ length: 25 }, (_, at) => `hill number ${at + 1}`));
  await until("the messages are found", async () => {
    const { total } = await annCalls.get("/v1/search?q=noodles%20OR%20hill");
    return total === 28;
  });
}

const nameOf = async (caller) => (await caller.get("/v1/users/me")).display_name;
const marks = () => ann.panel.locator("mark").allTextContents();
const hits = () => ann.panel.locator(".panel-row");

async function searchEverywhere() {
  await ann.show("search");
  await ann.reads("How to search");
  await ann.isAccessible("the help of search");
  await ann.field("Search messages").fill("面条");
  await ann.reads("1 message in");
  assert.deepEqual(await marks(), ["面条"]);
  await ann.field("Search messages").fill("noodles");
  await ann.reads("3 messages in");
  // After emoji of many code points, and after a combining mark, the right letters are marked.
  assert.deepEqual(await marks(), ["noodles", "noodles", "noodles"]);
  await ann.isAccessible("hits");
  await ann.field("Order").selectOption("newest");
  await until("the newest is first", async () =>
    (await hits().first().textContent()).includes("no noodles on the way"),
  );
  await ann.field("Search messages").fill("nothinglikethis");
  await ann.reads("Nothing found.");
  await ann.field("Search messages").fill("--");
  await ann.reads("Write at least one letter, digit or sign.");
  await ann.field("Search messages").fill("noodles before:yesterday");
  await ann.reads("before:yesterday is searched as text");
}

async function useFilters() {
  const query = () => ann.field("Search messages").inputValue();
  await ann.field("Search messages").fill("noodles");
  await ann.panel.locator("summary").click();
  await ann.field("From").selectOption({ label: "Bob Jones" });
  await ann.reads("2 messages in");
  assert.equal(await query(), `noodles from:${bobCalls.user} `);
  await ann.field("In").selectOption({ label: "Walks" });
  await ann.reads("1 message in");
  await ann.field("With").selectOption("link");
  await ann.isAccessible("filters");
  await ann.reads("1 message in");
  await ann.field("Before").fill("2020-01-01");
  await ann.reads("Nothing found.");
  await ann.button("Clear the filters").click();
  await ann.reads("3 messages in");
  assert.equal(await query(), "noodles");
  // What is typed shows in the filters.
  await ann.field("Search messages").fill("noodles from:me");
  assert.equal(await ann.field("From").inputValue(), "me");
  await ann.reads("1 message in");
}

async function jumpToHit() {
  await ann.show("search", { conversation: walks });
  assert((await ann.field("Search messages").inputValue()).includes(`in:${walks}`));
  await ann.field("Search messages").fill(`hill in:${walks}`);
  await ann.reads("25 messages in");
  assert.equal(await hits().count(), 20);
  await ann.button("Show more").click();
  await until("all hits are there", async () => (await hits().count()) === 25);
  await ann.button("Show more").waitFor({ state: "detached" });
  const first = ann.panel.locator(".panel-row-main", { hasText: "hill number 1" }).last();
  await first.click();
  await ann.page.locator(".main-pane .message", { hasText: "hill number 1" }).first().waitFor();
  await until("the address names the message", () => /seq=\d+/.test(ann.page.url()));
}

async function explainBadge() {
  const { seq } = await annCalls.send(lunch, "recalled soon");
  await annCalls.send(lunch, "this counts");
  await annCalls.call("DELETE", `/v1/conversations/${lunch}/messages/${seq}`);
  await until("Bob has one unread message", async () =>
    (await bobCalls.get(`/v1/inbox/unread/${lunch}/explain`)).unread === 1,
  );
  await bob.show("explain", { conversation: lunch });
  await bob.reads("1 message is unread");
  await bob.panel.locator(".panel-row", { hasText: "this counts" }).waitFor();
  await bob.panel.locator(".explain-reasons").getByText("Recalled").waitFor();
  await bob.panel.locator(".explain-reasons").getByText("You sent them").waitFor();
  await bob.isAccessible("the explanation of a badge");
  await annCalls.send(lunch, "and this");
  // The explanation follows what happens.
  await bob.reads("2 messages are unread");
}

async function explainMessage() {
  const { head_seq: seq } = await bobCalls.get(`/v1/conversations/${lunch}`);
  await bob.show("why", { conversation: lunch, seq });
  await bob.reads("You are a member, and members see the whole history here.");
  await bob.reads("It counts as unread.");
  await bob.reads(/Read by \d of 1/);
  assert.equal(await bob.panel.getByText("For another person").count(), 0, "only administrators");
  await bob.isAccessible("why a message is seen");
}

async function listThreads() {
  const { seq } = await annCalls.send(lunch, "Which noodles?");
  await bobCalls.send(lunch, "The long ones.", { thread: seq });
  await ann.show("threads");
  await ann.reads("Which noodles?");
  await ann.reads("1 reply");
  await ann.reads("1 unread");
  await ann.isAccessible("threads");
  await ann.button("More actions for Ann Smith").click();
  await ann.page.getByRole("menuitem", { name: "Mark as read" }).click();
  await ann.panel.getByText("1 unread").waitFor({ state: "detached" });
  await ann.panel.locator(".panel-row-main").click();
  await until("the thread is open", () => ann.page.url().includes(`thread=${seq}`));
  // A search leads to a reply in its thread too.
  await until("the reply is found", async () =>
    (await annCalls.get(`/v1/search?q=${encodeURIComponent("long ones")}`)).total === 1,
  );
  await ann.show("search", { query: "long ones" });
  await ann.reads("in a thread");
  await hits().first().locator(".panel-row-main").click();
  await until("the thread is open again", () => ann.page.url().includes(`thread=${seq}`));
  await ann.page.locator(".side-pane .message", { hasText: "The long ones." }).waitFor();
}

async function changeScheduled() {
  await ann.show("scheduled");
  await ann.reads("Nothing is scheduled.");
  const at = new Date(Date.now() + 3_600_000).toISOString();
  await annCalls.send(lunch, "noodles tomorrow", { send_at: at });
  await ann.reads("noodles tomorrow");
  await ann.isAccessible("scheduled messages");
  await ann.show("scheduled", { conversation: walks });
  await ann.panel.locator(".panel-link", { hasText: "All scheduled messages" }).click();
  await ann.button("Change: noodles tomorrow").click();
  await ann.dialog.getByLabel("When").fill("2020-01-01T10:00");
  await ann.dialog.getByText("Choose a time that is still to come.").waitFor();
  await ann.dialogIsAccessible("changing a scheduled message");
  const next = new Date(Date.now() + 86_400_000);
  await ann.dialog.getByLabel("When").fill(`${next.toISOString().slice(0, 10)}T10:00`);
  await ann.dialog.getByLabel("Text").fill("rice tomorrow");
  await ann.answer("Save");
  await ann.reads("rice tomorrow");
  const { scheduled } = await annCalls.get("/v1/scheduled");
  assert.equal(scheduled[0].body.text, "rice tomorrow");
  await ann.button("Cancel the message: rice tomorrow").click();
  await ann.answer("Cancel the message");
  await ann.reads("Nothing is scheduled.");
}

async function listHeld() {
  const root = new annCalls.constructor(TIDINGS_URL, "root", ADMIN_TOKEN);
  // A hook that never answers holds what it is asked about.
  const hook = { url: "https://hook.invalid/", on_failure: "hold", timeout_ms: 100 };
  await root.call("PUT", "/v1/moderation/hook", { ...hook, types: ["custom"] });
  await ann.show("held");
  await ann.reads("No message of yours waits for a moderator.");
  try {
    await until("a message is held", async () => {
      const body = { client_message_id: randomUUID(), type: "custom", body: { name: "a poll" } };
      const path = `/v1/conversations/${lunch}/messages`;
      return (await annCalls.call("POST", path, body)).state === "held";
    });
    await ann.reads("a poll");
    await ann.isAccessible("held messages");
  } finally {
    await root.call("DELETE", "/v1/moderation/hook");
  }
}

await runParts("panels_search", async ({ open }) => {
  await prepare();
  [ann, bob] = await Promise.all([open(annCalls), open(bobCalls)]);
  return [
    searchEverywhere,
    useFilters,
    jumpToHit,
    explainBadge,
    explainMessage,
    listThreads,
    changeScheduled,
    listHeld,
  ];
});
