// Cases and rules in the console: what it decides is seen through the API.
import { signUp } from "./api.mjs";
import { assert, until } from "./checks.mjs";
import {
  admin,
  button,
  closed,
  dialogOf,
  fillDialog,
  inConsole,
  rowOf,
  typeName,
  visit,
} from "./ops_window.mjs";

const ann = await signUp(process.env.TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(process.env.TIDINGS_URL, "bob", "Bob Okafor");
const group = `dock-${Date.now()}`;
await ann.createGroup(group, "Dock", [bob.user]);

const checks = {
  silenceFromTheQueue,
  reopenCase,
  recallMessage,
  banFromGroup,
  restrictReportedUser,
  wordLists,
  linkRules,
  floodRules,
  hookAndHeldMessages,
};
await inConsole("ops-moderation", checks);

/** Bob writes, Ann reports, and the case of it. */
async function report(text) {
  const { seq } = await bob.send(group, text);
  const path = `/v1/conversations/${group}/messages/${seq}/reports`;
  const body = { reason: "spam", note: `Note on ${text}` };
  const { case_id, position } = await ann.call("POST", path, body);
  await admin.get(`/v1/moderation/cases/${case_id}?min_position=${position}`);
  return { seq, id: case_id };
}

async function openCase(page, text) {
  await visit(page, `#/cases?conversation=${group}`, "Moderation");
  await page.getByRole("link", { name: text }).click();
  await page.locator("main h1").filter({ hasText: "Case" }).waitFor();
}

async function decide(page, action, note) {
  await page.getByLabel(action, { exact: true }).check();
  await page.getByLabel("Note for other moderators").fill(note);
  await button(page, "Close the case").click();
  await button(page, "Reopen the case").waitFor();
}

async function isRefused(call, pattern) {
  const error = await call().then(() => null, (failure) => failure);
  return error !== null && pattern.test(error.message);
}

async function silenceFromTheQueue(page) {
  const { id } = await report("Buy my barnacles");
  await openCase(page, "Buy my barnacles");
  await page.locator(".message-line.marked").filter({ hasText: "Buy my barnacles" }).waitFor();
  await rowOf(page, "Note on Buy my barnacles").getByText("reported").waitFor();
  await decide(page, `Silence ${bob.user}`, "The third time");
  await rowOf(page, "The third time").getByText("closed").waitFor();
  const found = await admin.get(`/v1/moderation/cases/${id}`);
  assert.deepEqual([found.state, found.acts.at(-1).action], ["closed", "silence"]);
  assert(await isRefused(() => bob.send(group, "Why?"), /403.*silenced/));
}

async function reopenCase(page) {
  await button(page, "Reopen the case").click();
  await dialogOf(page).getByRole("button", { name: "Reopen the case" }).click();
  await button(page, "Close the case").waitFor();
  await bob.send(group, "I can write again.");
  await decide(page, "Do nothing", "");
  await visit(page, `#/cases?state=closed&conversation=${group}`, "Moderation");
  await rowOf(page, "Buy my barnacles").waitFor();
}

async function recallMessage(page) {
  const { seq } = await report("A rude word");
  await openCase(page, "A rude word");
  await decide(page, "Recall the message", "Rude");
  assert.equal((await ann.get(`/v1/conversations/${group}/messages/${seq}`)).recalled, true);
  await page.locator(".message-line.marked").getByText("recalled").waitFor();
}

async function banFromGroup(page) {
  await report("Goodbye all");
  await openCase(page, "Goodbye all");
  await page.getByLabel(`Ban ${bob.user}`, { exact: true }).check();
  await page.getByLabel("Until").fill("2099-05-06T07:08");
  await decide(page, `Ban ${bob.user}`, "");
  const { bans } = await ann.get(`/v1/conversations/${group}/bans`);
  assert.deepEqual(bans.map(({ user }) => user), [bob.user]);
  assert.match(bans[0].until, /^2099-05-0/);
}

async function restrictReportedUser(page) {
  await ann.createDirect(bob.user);
  const body = { reason: "abuse", note: "Rude everywhere" };
  const path = `/v1/users/${bob.user}/reports`;
  const { case_id, position } = await ann.call("POST", path, body);
  await admin.get(`/v1/moderation/cases/${case_id}?min_position=${position}`);
  await visit(page, `#/cases/${case_id}`, "Case");
  await decide(page, `Silence ${bob.user}`, "Everywhere");
  const { restriction } = await admin.get(`/v1/admin/users/${bob.user}`);
  assert.equal(restriction.kind, "silenced");
  await button(page, "Reopen the case").click();
  await dialogOf(page).getByRole("button", { name: "Reopen the case" }).click();
  await button(page, "Close the case").waitFor();
  assert.equal((await admin.get(`/v1/admin/users/${bob.user}`)).restriction, null);
}

async function wordLists(page) {
  const name = `words-${Date.now()}`;
  await visit(page, "#/rules", "Rules");
  await button(page, "Add a list").click();
  await dialogOf(page).getByLabel("mask", { exact: true }).check();
  await fillDialog(page, { Name: name, Words: "scuttlebutt\nflotsam" }, "Save");
  await closed(page);
  await rowOf(page, name).getByText("mask").waitFor();
  await until("the list is applied", async () => {
    const { seq, position } = await ann.send(group, "Such flotsam today");
    const path = `/v1/conversations/${group}/messages/${seq}?min_position=${position}`;
    const { body } = await ann.get(path);
    return body.text === "Such ******* today";
  });
  await rowOf(page, name).getByRole("button", { name: "Change" }).click();
  const words = dialogOf(page).getByLabel("Words");
  await words.waitFor();
  assert.equal(await words.inputValue(), "scuttlebutt\nflotsam");
  await fillDialog(page, { Words: "scuttlebutt" }, "Save");
  await closed(page);
  const list = await admin.get(`/v1/moderation/lists/${name}`);
  assert.deepEqual([list.words, list.action], [["scuttlebutt"], "mask"]);
  await rowOf(page, name).getByRole("button", { name: "Remove" }).click();
  await typeName(page, name, "Remove");
  await rowOf(page, name).waitFor({ state: "detached" });
}

async function linkRules(page) {
  await visit(page, "#/rules", "Rules");
  await page.getByLabel("Refused hosts").fill("bait.example\nhook.example");
  await button(page, "Save").click();
  await page.locator(".toast").filter({ hasText: "Saved." }).waitFor();
  const { deny, action, allow_only } = await admin.get("/v1/moderation/links");
  assert.deepEqual([deny, action, allow_only], [["bait.example", "hook.example"], "refuse", null]);
  await until("the rule is applied", () =>
    isRefused(() => ann.send(group, "see bait.example/x"), /422.*content_refused/),
  );
  await page.getByLabel("Refused hosts").fill("");
  await button(page, "Save").click();
  await until("nothing is refused", async () => {
    return (await admin.get("/v1/moderation/links")).deny.length === 0;
  });
}

async function floodRules(page) {
  await visit(page, "#/rules", "Rules");
  await button(page, "Add a rule").click();
  await fillDialog(page, { Texts: "7", Within: "20s", For: "2m" }, "Save");
  await closed(page);
  await rowOf(page, "7 near-equal texts").waitFor();
  const { rules } = await admin.get("/v1/moderation/flood");
  const [rule] = rules;
  assert.deepEqual([rule.same_text, rule.within, rule.then], [7, "20s", "silence"]);
  await rowOf(page, "7 near-equal texts").getByRole("button", { name: "Remove" }).click();
  await page.getByText("There is no flood rule.").waitFor();
  assert.deepEqual((await admin.get("/v1/moderation/flood")).rules, []);
}

/** A hook that never answers holds messages; a moderator releases one. */
async function hookAndHeldMessages(page) {
  await visit(page, "#/rules", "Rules");
  await button(page, "Set a hook").click();
  await dialogOf(page).getByLabel("hold it for a moderator").check();
  const fields = { Address: "http://127.0.0.1:9/", "Wait at most, in milliseconds": "200" };
  await fillDialog(page, fields, "Save");
  const secret = await dialogOf(page).getByLabel("Secret").inputValue();
  assert.match(secret, /^whsec_/);
  await page.keyboard.press("Escape");
  await closed(page);
  await page.getByText("hold it for a moderator").waitFor();
  const held = await until("a message is held", async () => {
    const answer = await ann.send(group, "Is the tide high?");
    return answer.state === "held" ? answer : null;
  });
  const card = page.getByRole("region", { name: "Hook" });
  await card.getByRole("button", { name: "Remove", exact: true }).click();
  await typeName(page, "127.0.0.1:9", "Remove");
  await page.getByText("No hook is set.").waitFor();

  await until("its case is open", async () => {
    const { cases } = await admin.get(`/v1/moderation/cases?conversation=${group}&state=open`);
    return cases.some(({ target }) => target.held_id === held.held_id);
  });
  await visit(page, `#/cases?conversation=${group}`, "Moderation");
  await rowOf(page, "Is the tide high?").getByRole("link").first().click();
  await decide(page, "Release the message", "Harmless");
  await until("it is sent", async () => {
    const { messages } = await ann.get(`/v1/conversations/${group}/messages`);
    return messages.some(({ body }) => body?.text === "Is the tide high?");
  });
}
