// Panels of groups, by an owner and a member in two windows; others call the API.
import assert from "node:assert/strict";
import { signUp } from "./api.mjs";
import { until } from "./checks.mjs";
import { isRefused, runParts } from "./panel_window.mjs";

const { CHAT_URL, TIDINGS_URL } = process.env;
const people = await Promise.all(
  ["ann", "bob", "cleo", "dan", "eve"].map((name) =>
    signUp(TIDINGS_URL, name, `${name} of the choir`),
  ),
);
const [annCalls, bobCalls, cleoCalls, danCalls, eveCalls] = people;
let ann, bob, open, faults;
const id = `choir.${annCalls.user}`;
const place = { conversation: id };
const group = `/v1/conversations/${id}`;

const rolesOf = async () => {
  const { members } = await annCalls.get(`${group}/members`);
  return Object.fromEntries(members.map(({ user, role }) => [user, role]));
};
const isMember = (caller) => async () => caller.user in (await rolesOf());

async function createGroup() {
  await bobCalls.call("PATCH", "/v1/users/me/settings", { groups_from: "contacts" });
  await bob.show("invitations");
  await bob.reads("No invitations.");
  await ann.show("new-group");
  await ann.field("Name of the group").fill("Choir 合唱团");
  await ann.pick("Members", [bobCalls.user, cleoCalls.user]);
  await ann.field("Id of the group").fill("d_choir");
  await ann.reads("not beginning with d_");
  await ann.field("Id of the group").fill(id);
  await ann.isAccessible("a new group");
  await ann.button("Create").click();
  await ann.isTold("1 person is invited first");
  await ann.page.locator(".main-pane").getByText("Choir 合唱团").first().waitFor();
  await until("Cleo is a member", isMember(cleoCalls));
  assert.equal((await rolesOf())[annCalls.user], "owner");
}

async function acceptInvitation() {
  await bob.reads("Choir 合唱团");
  await bob.isAccessible("invitations");
  await bob.button("Join Choir 合唱团").click();
  await bob.page.locator(".main-pane").getByText("Choir 合唱团").first().waitFor();
  await until("Bob is a member", isMember(bobCalls));
  // An invitation can be declined too.
  await annCalls.createGroup(`other.${id}`, "Other", [bobCalls.user]);
  await bob.show("invitations");
  await bob.button("Decline the invitation to Other").click();
  await bob.reads("No invitations.");
}

async function joinByLink() {
  await ann.show("links", place);
  await ann.field("Uses at most").fill("none");
  await ann.reads("This must be a whole number.");
  await ann.field("Uses at most").fill("3");
  await ann.button("Make a link").click();
  await ann.reads("0 of 3 uses");
  await ann.isAccessible("links");
  const address = await ann.panel.locator(".link-address").inputValue();
  assert(address.startsWith(`${new URL(CHAT_URL).origin}/#/join/`), address);
  const dan = await open(danCalls, {}, address);
  await dan.reads("Choir 合唱团");
  await dan.isAccessible("a link");
  await dan.button("Join").click();
  await dan.page.locator(".main-pane").getByText("Choir 合唱团").first().waitFor();
  await dan.page.context().close();
  await ann.reads("1 of 3 uses");
  await ann.button("End this link").click();
  await ann.reads("No links.");
  await until("the link is ended", async () => {
    const { links } = await annCalls.get(`${group}/links`);
    return links.length === 0;
  });
}

async function askToJoin() {
  await ann.show("policies", place);
  await ann.field("How people join").selectOption("asked");
  await ann.field("Topic").fill("Where we sing");
  await ann.isAccessible("policies");
  await ann.button("Save").click();
  await ann.isTold("Saved");
  // Bob leads nothing: he reads the settings.
  await bob.show("policies", place);
  await bob.reads("Only the owner and admins change this.");
  assert(await bob.field("Topic").isDisabled());
  await until("Bob reads the topic", async () =>
    (await bob.field("Topic").inputValue()) === "Where we sing",
  );
  await ann.show("group", place);
  await ann.reads("Where we sing");
  const eve = await open(eveCalls, {}, `${CHAT_URL}/#/?panel=join`);
  await eve.field("Link or id").fill(id);
  faults.expected.push(/status of 404/);
  await eve.button("Look").click();
  await eve.field("A note for the admins").fill("I sing too.");
  await eve.isAccessible("joining");
  await eve.button(`Join ${id}`).click();
  await eve.isTold("You have asked to join.");
  // The number of requests appears where Ann is.
  await ann.panel.locator(".panel-link", { hasText: "Requests to join" }).getByText("1").waitFor();
  await ann.isAccessible("a group");
  await ann.panel.locator(".panel-link", { hasText: "Requests to join" }).click();
  await ann.reads("I sing too.");
  await ann.isAccessible("requests");
  // Who asks is shown to who decides.
  await ann.button("Decline the request of eve of the choir").click();
  await ann.reads("There are no requests.");
  await eveCalls.call("POST", `${group}/join`, { note: "Please." });
  await ann.reads("Please.");
  await ann.button("Admit eve of the choir").click();
  await ann.reads("There are no requests.");
  await until("Eve is a member", isMember(eveCalls));
  await eve.page.context().close();
  await ann.button("Back").click();
  await ann.panel.locator(".panel-link", { hasText: "Leave the group" }).waitFor();
}

async function giveRoles() {
  await ann.show("members", place);
  const menu = (name) => ann.button(`More actions for ${name} of the choir`);
  const choose = async (name, action) => {
    await menu(name).click();
    await ann.page.getByRole("menuitem", { name: action }).click();
  };
  await ann.isAccessible("members");
  assert.equal(await menu("ann").count(), 0, "nobody changes the own role");
  await choose("bob", "Make an admin");
  await ann.isTold("bob of the choir is an admin now");
  // Bob leads now, as his window shows.
  await bob.show("group", place);
  await bob.panel.locator(".panel-link", { hasText: "Silences and bans" }).waitFor();
  await bob.show("members", place);
  await bob.panel.getByRole("combobox", { name: "Add people" }).waitFor();
  assert.equal(await bob.button("More actions for ann of the choir").count(), 0);
  await choose("bob", "Make a member");
  await ann.isTold("bob of the choir is a member now");
  await bob.panel.getByRole("combobox", { name: "Add people" }).waitFor({ state: "detached" });
  await choose("dan", "Remove from the group");
  await ann.answer("Remove from the group");
  await ann.isTold("dan of the choir is removed");
  await bob.panel.getByText("dan of the choir").waitFor({ state: "detached" });
  await ann.pick("Add people", [danCalls.user]);
  await ann.button("Add").click();
  await ann.isTold("1 person added");
  await until("Dan is back", isMember(danCalls));
  await inviteAndWithdraw();
}

async function inviteAndWithdraw() {
  const floCalls = await signUp(TIDINGS_URL, "flo", "flo of the choir");
  const { user } = floCalls;
  await floCalls.call("PATCH", "/v1/users/me/settings", { groups_from: "contacts" });
  await ann.pick("Add people", [user]);
  await ann.button("Add").click();
  await ann.isTold("Added: 0. Invited: 1.");
  // The invitation is listed wherever somebody leads, also after a reload.
  await ann.page.reload();
  await ann.panel.getByRole("list", { name: "Invited" }).getByText("invited by ann").waitFor();
  await ann.isAccessible("members and who is invited");
  await ann.button(`Withdraw the invitation of ${user}`).click();
  await ann.isTold("The invitation is withdrawn");
  await ann.panel.getByRole("list", { name: "Invited" }).waitFor({ state: "detached" });
  await until("Flo has no invitation", async () => {
    const { invitations } = await floCalls.get("/v1/invitations");
    return invitations.length === 0;
  });
}

async function silenceAndBan() {
  await ann.show("members", place);
  await ann.button("More actions for bob of the choir").click();
  await ann.page.getByRole("menuitem", { name: "Silence…" }).click();
  await ann.dialog.getByLabel("Reason").fill("Too loud.");
  await ann.dialogIsAccessible("silencing somebody");
  await ann.answer("Silence");
  await ann.isTold("bob of the choir is silenced");
  await isRefused(() => bobCalls.send(id, "la la"), "silenced");
  await ann.show("sanctions", place);
  await ann.reads("Too loud.");
  await ann.isAccessible("sanctions");
  await ann.button("Lift it for bob of the choir").click();
  await ann.reads("No members are silenced.");
  await bobCalls.send(id, "la la");
  await ann.pick("Who", [danCalls.user]);
  await ann.field("What").selectOption("bans");
  await ann.button("Ban…").click();
  await ann.answer("Ban");
  await ann.isTold(/is banned/);
  await until("Dan is gone", async () => !(await isMember(danCalls)()));
  await ann.panel.getByRole("list", { name: "Banned: they cannot be here" }).waitFor();
  await ann.panel.getByRole("button", { name: /^Lift it for dan/ }).click();
  await ann.reads("No users are banned.");
}

async function changePolicies() {
  await ann.show("policies", place);
  await ann.field("Who writes").selectOption("admins");
  await ann.field("Slow mode").selectOption("30");
  await ann.field("What new members see").selectOption("since_join");
  await ann.field("Erase messages after, in days").fill("0");
  await ann.reads("Too small: at least 1.");
  await ann.field("Erase messages after, in days").fill("365");
  await ann.button("Save").click();
  await ann.dialog.getByText("Messages older than 365 days are erased").waitFor();
  await ann.answer("Save");
  await ann.isTold("Saved");
  await isRefused(() => bobCalls.send(id, "may I?"), "read_only");
  const wanted = {
    post: "admins",
    slow_mode: 30,
    retention_days: 365,
    topic: "Where we sing",
    history: "since_join",
  };
  await until("the settings are those of the form", async () => {
    const { policy, history } = await annCalls.get(group);
    return Object.entries(wanted).every(([key, value]) => ({ ...policy, history })[key] === value);
  });
  await ann.field("Who writes").selectOption("members");
  await ann.field("Slow mode").selectOption("0");
  await ann.field("Frozen").click();
  await ann.button("Save").click();
  await until("it is frozen", async () => (await annCalls.get(group)).policy.frozen);
  await isRefused(() => bobCalls.send(id, "and now?"), "frozen");
  await ann.field("Frozen").click();
  await ann.button("Save").click();
  await until("it has thawed", async () => !(await annCalls.get(group)).policy.frozen);
}

async function pinAndClear() {
  const { seq } = await annCalls.send(id, "The concert is on Friday.");
  await annCalls.call("PUT", `${group}/pins/${seq}`);
  await bob.show("pins", place);
  await bob.reads("The concert is on Friday.");
  await bob.isAccessible("pins");
  assert.equal(await bob.panel.getByRole("button", { name: /^Unpin/ }).count(), 0);
  await bob.panel.locator(".panel-row-main").click();
  await until("the page is at the message", () => bob.page.url().includes(`seq=${seq}`));
  await ann.show("pins", place);
  await ann.panel.getByRole("button", { name: /^Unpin/ }).click();
  await ann.reads("Nothing is pinned here.");
  await bob.show("group", place);
  await bob.button("Clear the history for me").click();
  await bob.answer("Clear the history for me");
  await bob.isTold("Cleared");
  await until("Bob sees none of it", async () => {
    const { messages } = await bobCalls.get(`${group}/messages`);
    return messages.length === 0;
  });
  assert.notDeepEqual((await annCalls.get(`${group}/messages`)).messages, []);
}

/** From a group to its members and back, without a mouse. */
async function useKeysOnly() {
  const { keyboard } = bob.page;
  const focus = () =>
    bob.page.evaluate(() => {
      const { activeElement: element } = document;
      const isInside = element.closest(".side-pane") !== null;
      const isInPanel = element.closest(".panel") !== null;
      return { isInside, isInPanel, text: isInside ? element.textContent : "" };
    });
  await bob.show("group", place);
  await until("the focus is in the panel", async () => (await focus()).isInside);
  await until("Tab reaches the members", async () => {
    await keyboard.press("Tab");
    return (await focus()).text.startsWith("Members");
  });
  await keyboard.press("Enter");
  await bob.panel.getByRole("list", { name: "Members" }).waitFor();
  // The pane around it has the focus first, and there, Escape closes everything.
  await until("the focus is in the next panel", async () => (await focus()).isInPanel);
  await keyboard.press("Escape");
  await bob.panel.locator(".panel-link", { hasText: "Leave the group" }).waitFor();
  await until("the focus is in the panel again", async () => (await focus()).isInside);
  await keyboard.press("Escape");
  await bob.panel.waitFor({ state: "detached" });
}

async function leave() {
  await bob.show("group", place);
  await bob.button("Leave the group").click();
  await bob.answer("Leave the group");
  await bob.isTold("You have left Choir 合唱团");
  await bob.page.locator(".sidebar").getByText("Choir 合唱团").waitFor({ state: "detached" });
  await until("Bob is no member", async () => !(await isMember(bobCalls)()));
}

await runParts("panels_groups", async (tools) => {
  ({ open, faults } = tools);
  [ann, bob] = await Promise.all([open(annCalls), open(bobCalls)]);
  return [
    createGroup,
    acceptInvitation,
    joinByLink,
    askToJoin,
    giveRoles,
    silenceAndBan,
    changePolicies,
    pinAndClear,
    useKeysOnly,
    leave,
  ];
});
