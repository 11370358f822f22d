// Panels of people and settings, by two people in two windows.
import assert from "node:assert/strict";
import { signUp } from "./api.mjs";
import { until } from "./checks.mjs";
import { isRefused, runParts } from "./panel_window.mjs";

const { ADMIN_TOKEN, TIDINGS_URL } = process.env;

const people = await Promise.all([
  signUp(TIDINGS_URL, "ann", "Ann Smith"),
  signUp(TIDINGS_URL, "bob", "Bob 王小明"),
  signUp(TIDINGS_URL, "cleo", "Cléo"),
]);
const [annCalls, bobCalls, cleoCalls] = people;
let ann, bob, direct, faults;

async function becomeContacts() {
  await bob.show("people");
  await bob.reads("No contacts yet");
  await ann.show("people");
  // They have nothing in common yet: only the exact user name leads to the other one.
  await ann.field("Find people").fill(bobCalls.user);
  await ann.reads("Nobody whom you may see matches");
  await ann.isAccessible("people");
  await ann.button(`Look at “${bobCalls.user}”`).click();
  await ann.reads("You do not see the profile of this person.");
  await ann.isAccessible("an unknown person");
  await ann.button("Ask to be a contact").click();
  await ann.dialog.getByLabel("A note to go with it").fill("We met at lunch.");
  await ann.dialogIsAccessible("asking somebody");
  await ann.answer("Send");
  await ann.reads("You have asked to be a contact");
  // The request arrives while the other one looks.
  await bob.reads("They ask to be your contact");
  await bob.reads("We met at lunch.");
  await bob.isAccessible("a request");
  await bob.button("Accept the request of Ann Smith").click();
  await bob.isTold("Ann Smith is a contact now");
  await ann.reads(/A contact since/);
  await ann.show("people");
  await ann.reads("Bob 王小明");
  // Each finds the other by the beginning of a name now, in any of its scripts.
  await ann.field("Find people").fill("王");
  await ann.panel.locator(".panel-row").filter({ hasText: bobCalls.user }).waitFor();
}

async function writeDirectly() {
  await ann.show("person", { user: bobCalls.user });
  await ann.reads("Bob 王小明");
  await ann.isAccessible("a profile");
  await ann.button("Message").click();
  await ann.page.locator(".conversation-header", { hasText: "Bob 王小明" }).waitFor();
  const { conversations } = await annCalls.get("/v1/inbox");
  assert.equal(conversations[0].peer, bobCalls.user);
  direct = conversations[0].id;
  await annCalls.send(direct, "hello");
  await bob.page.locator(".sidebar").getByText("Ann Smith").first().waitFor();
}

async function blockAndReport() {
  await ann.show("person", { user: bobCalls.user });
  await ann.button("Block").click();
  await ann.answer("Block");
  await ann.reads("You have blocked this person");
  await isRefused(() => bobCalls.send(direct, "why?"), "blocked");
  await ann.show("people");
  await ann.reads("Blocked");
  await ann.button("Unblock Bob 王小明").click();
  await ann.isTold("Bob 王小明 is not blocked any more");
  await bobCalls.send(direct, "thank you");
  await ann.show("person", { user: bobCalls.user });
  await ann.button("Report").click();
  await ann.dialog.getByLabel("Reason").selectOption("abuse");
  await ann.dialog.getByLabel("Note").fill("Rude.");
  await ann.dialogIsAccessible("reporting somebody");
  await ann.answer("Report");
  await ann.isTold("Reported.");
  const moderator = new annCalls.constructor(TIDINGS_URL, "root", ADMIN_TOKEN);
  await until("the report is a case", async () => {
    const { cases } = await moderator.get("/v1/moderation/cases?state=open&limit=200");
    return cases.some(({ target }) => JSON.stringify(target).includes(bobCalls.user));
  });
}

async function endContact() {
  await ann.button("End the contact").click();
  await ann.answer("End the contact");
  await ann.button("Ask to be a contact").waitFor();
  await until("Bob has no contacts", async () => {
    const { contacts } = await bobCalls.get("/v1/contacts");
    return contacts.length === 0;
  });
}

async function changeProfile() {
  await ann.show("settings");
  await ann.field("Display name").fill("\u200b");
  await ann.reads("Nothing of this can be seen");
  await ann.field("Display name").fill("Ann 安");
  await ann.field("About you").fill("Noodles.\nAnd tea.");
  await ann.field("Language tag").fill("no such tag");
  await ann.reads("This is not a language tag");
  assert(await ann.button("Save").isDisabled(), "a wrong field keeps the form");
  await ann.field("Language tag").fill("en-GB");
  await ann.isAccessible("settings");
  await ann.button("Save").click();
  await ann.isTold("Your profile is saved");
  await until("the profile is kept", async () => {
    const { about, locale } = await annCalls.get("/v1/users/me");
    return about === "Noodles.\nAnd tea." && locale === "en-GB";
  });
  await bob.show("person", { user: annCalls.user });
  await bob.reads("Ann 安");
  await bob.reads("And tea.");
}

const settingsOf = async (caller) => (await caller.get("/v1/users/me")).settings;

async function changeSettings() {
  await ann.field("New direct conversations from").selectOption("contacts");
  await until("strangers cannot write", async () =>
    (await settingsOf(annCalls)).direct_from === "contacts",
  );
  await isRefused(() => cleoCalls.createDirect(annCalls.user), "not_a_contact");
  await ann.field("Read receipts").click();
  await ann.field("When you were last online").click();
  await until("receipts and last seen are off", async () => {
    const { read_receipts, last_seen } = await settingsOf(annCalls);
    return !read_receipts && !last_seen;
  });
  await ann.field("Do not disturb me at night").click();
  await ann.field("To").fill("22:00");
  await ann.reads("Choose two different times.");
  await ann.field("To").fill("06:30");
  await ann.field("Time zone").selectOption("Asia/Shanghai");
  await ann.panel.locator("form", { hasText: "Do not disturb" }).getByText("Save").click();
  await until("the hours are kept", async () => {
    const { quiet_hours } = await settingsOf(annCalls);
    return quiet_hours?.to === "06:30" && quiet_hours.time_zone === "Asia/Shanghai";
  });
  await ann.field("Do not disturb me at night").click();
  await until("the hours are removed", async () => {
    const { quiet_hours } = await settingsOf(annCalls);
    return quiet_hours === null;
  });
}

async function changeLooks() {
  await ann.field("Colours").selectOption("dark");
  assert.equal(await ann.page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await ann.field("Colours").selectOption("system");
  await ann.field("Language").selectOption("zh");
  await ann.page.getByRole("heading", { name: "设置" }).waitFor();
  assert.equal(await ann.page.evaluate(() => document.documentElement.lang), "zh-Hans");
  await ann.isAccessible("settings in Chinese");
  await ann.field("语言").selectOption("en");
}

async function changePassword() {
  await ann.button("Change password").click();
  await ann.field("Present password").fill("wrong horse battery");
  await ann.field("New password").fill("short");
  await ann.reads("Too short: at least 10.");
  await ann.field("New password").fill("staple, battery and horse");
  await ann.field("New password again").fill("staple");
  await ann.reads("The two are not the same.");
  await ann.field("New password again").fill("staple, battery and horse");
  faults.expected.push(/status of 401/);
  await ann.panel.locator("form", { hasText: "Present password" }).getByRole("button").click();
  await ann.isTold("That is not your password.");
  await ann.field("Present password").fill("correct horse battery");
  await ann.panel.locator("form", { hasText: "Present password" }).getByRole("button").click();
  await ann.isTold("The password is changed.");
  await until("the old token is refused", () =>
    annCalls.get("/v1/inbox").then(() => false, (error) => /revoked/.test(error.message)),
  );
  // The window continues with its new token.
  annCalls.token = await ann.page.evaluate(() => localStorage.getItem("tidings.account"));
  await ann.show("people");
  await ann.show("settings");
  await ann.field("Being added to groups by").selectOption("contacts");
  await until("the new token works", async () =>
    (await settingsOf(annCalls)).groups_from === "contacts",
  );
}

async function signOut() {
  await ann.button("Sign out").click();
  await ann.answer("Sign out");
  await ann.page.getByText("Welcome to Tidings").waitFor();
  assert.equal(await ann.page.evaluate(() => localStorage.getItem("tidings.account")), null);
}

await runParts("panels_people", async (tools) => {
  ({ faults } = tools);
  const { open } = tools;
  [ann, bob] = await Promise.all([open(annCalls), open(bobCalls)]);
  return [
    becomeContacts,
    writeDirectly,
    blockAndReport,
    endContact,
    changeProfile,
    changeSettings,
    changeLooks,
    changePassword,
    signOut,
  ];
});
