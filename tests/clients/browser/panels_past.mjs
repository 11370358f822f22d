// What only administrators see: an inbox as of any past moment, and why anybody sees a message.
import assert from "node:assert/strict";
import { Caller, signUp } from "./api.mjs";
import { until } from "./checks.mjs";
import { runParts } from "./panel_window.mjs";

const { ADMIN_TOKEN, TIDINGS_URL } = process.env;
const rootCalls = new Caller(TIDINGS_URL, "root", ADMIN_TOKEN);
const annCalls = await signUp(TIDINGS_URL, "ann", "Ann Smith");
const bobCalls = await signUp(TIDINGS_URL, "bob", "Bob Jones");
const plans = `plans.${annCalls.user}`;
let ann, root, secretAt;

const pause = () => new Promise((resolve) => setTimeout(resolve, 1100));

/** What happens here at least a second apart can be told from each other by time. */
async function prepare() {
  await annCalls.createGroup(plans, "Plans", [bobCalls.user]);
  await annCalls.send(plans, "first");
  await pause();
  const { seq, sent_at } = await annCalls.send(plans, "a secret");
  secretAt = Date.parse(sent_at);
  await pause();
  await annCalls.call("DELETE", `/v1/conversations/${plans}/messages/${seq}`);
  await annCalls.send(plans, "third");
  const { position } = await bobCalls.call("POST", `/v1/conversations/${plans}/read`, { up_to: 3 });
  await bobCalls.get(`/v1/inbox?min_position=${position}`);
}

const column = (name) => root.panel.getByRole("region", { name, exact: true });
const step = (name) => root.button(name).click();

async function seeThePresent() {
  await root.show("as-of", { user: bobCalls.user });
  await column("Then").getByText("third").waitFor();
  await column("Now").getByText("third").waitFor();
  await column("Now").getByText("0 unread in total").waitFor();
  assert.equal(await root.panel.getByText("Different").count(), 0);
  await root.isAccessible("the present");
}

async function stepBack() {
  // Read, sent, recalled: each step undoes one of them.
  await step("The change before");
  await root.reads(/Changed by conversation_read/);
  await step("The change before");
  await root.reads(/Changed by message_sent/);
  await column("Then").getByText("2 unread in total").waitFor();
  await column("Then").getByText("third").waitFor();
  await step("The change before");
  await root.reads(/Changed by message_recalled/);
  await step("The change before");
  await root.reads(/Changed by message_sent/);
  await column("Then").getByText("a secret").waitFor();
  await column("Now").getByText("third").waitFor();
  await column("Then").getByText("Different").waitFor();
  await root.isAccessible("the past");
}

async function readOldMessages() {
  await column("Then").locator(".panel-row-main").click();
  await root.panel.getByRole("heading", { name: "Messages in Plans" }).waitFor();
  const row = root.panel.locator(".panel-row.message", { hasText: "a secret" });
  await row.getByText("recalled since").waitFor();
  await root.isAccessible("old messages");
  await root.page.screenshot({ path: `${process.env.ARTEFACTS}/panels-as-of.png` });
}

async function moveTheSlider() {
  const slider = root.panel.getByRole("slider");
  await step("To now");
  await column("Then").getByText("third").waitFor();
  await slider.press("Home");
  await until("it is the beginning", async () => (await slider.inputValue()) === "0");
  await column("Then").getByText("Plans").waitFor();
  await column("Then").getByText("third").waitFor({ state: "detached" });
  const before = await slider.getAttribute("aria-valuetext");
  for (let press = 0; press < 8; press += 1) await slider.press("PageUp");
  await until("a screen reader hears another time", async () =>
    (await slider.getAttribute("aria-valuetext")) !== before,
  );
  // The second message was the newest for a second.
  await root.field("Exact time").fill(await localTime(secretAt + 500));
  await column("Then").getByText("a secret").waitFor();
  await step("To now");
  assert(await root.button("The change after").isDisabled(), "nothing comes after now");
}

/** As a field of the page has it, in the time zone of the page. */
function localTime(time) {
  return root.page.evaluate((at) => {
    const offset = new Date(at).getTimezoneOffset() * 60_000;
    return new Date(at - offset).toISOString().slice(0, -1);
  }, time);
}

async function explainForAnybody() {
  await rootCalls.call("POST", "/v1/conversations", {
    kind: "group",
    id: `root.${plans}`,
    title: "Rooted",
    members: [annCalls.user],
  });
  const { seq } = await rootCalls.send(`root.${plans}`, "hello");
  await root.show("why", { conversation: `root.${plans}`, seq });
  await root.reads("What became of it");
  await root.pick("Person", [bobCalls.user]);
  await root.reads("does not see it");
  await root.reads("Membership");
  await root.isAccessible("why anybody sees a message");
  await root.panel.getByRole("button", { name: /^Remove/ }).click();
  await root.pick("Person", [annCalls.user]);
  await root.reads(/sees it/);
}

async function closedToOthers() {
  await ann.show("as-of", { user: bobCalls.user });
  await ann.reads("Only administrators may look into the past.");
}

await runParts("panels_past", async ({ open }) => {
  await prepare();
  [ann, root] = await Promise.all([open(annCalls), open(rootCalls)]);
  return [
    seeThePresent,
    stepBack,
    readOldMessages,
    moveTheSlider,
    explainForAnybody,
    closedToOthers,
  ];
});
