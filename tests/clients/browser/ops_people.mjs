// People and conversations in the console: what it does is seen through the API.
import { Caller, signUp } from "./api.mjs";
import { assert, until, waitForCount } from "./checks.mjs";
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

const { TIDINGS_URL } = process.env;
const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const eve = await signUp(TIDINGS_URL, "eve", "Eve Marsh");
const group = `quay-${Date.now()}`;
await ann.createGroup(group, "Quay", [eve.user]);
await ann.send(group, "Who has the key?");
await eve.send(group, "I do, and I will not say where.");
const person = `#/people/${eve.user}`;

await inConsole("ops-people", {
  findPeople,
  changeProfile,
  restrictAndLift,
  createToken,
  revokeTokens,
  deactivateAndReactivate,
  deliveryAudit,
  listMembers,
  traceMessage,
  explainMessage,
  eraseMessage,
  eraseUser,
  eraseConversation,
});

/** The status and code with which the API refuses a call. */
async function refusalOf(caller, method, path, body) {
  const error = await caller.call(method, path, body).then(() => null, (failure) => failure);
  return error?.message.match(/: (\d+ ).*"code":"(\w+)"/)?.slice(1).join("") ?? "accepted";
}

async function findPeople(page) {
  await visit(page, "#/people", "People");
  await page.getByLabel("Id or name begins with").fill(eve.user.slice(0, 8));
  await button(page, "Search").click();
  await rowOf(page, "Eve Marsh").getByText("active").waitFor();
  await waitForCount(page, "main tbody tr", 1);
  await page.getByRole("link", { name: eve.user }).click();
  await page.locator("main h1").filter({ hasText: "Eve Marsh" }).waitFor();
  await rowOf(page, group).filter({ hasText: "member" }).waitFor();
}

async function changeProfile(page) {
  await button(page, "Change the profile").click();
  await dialogOf(page).getByLabel("Kind").selectOption("bot");
  await fillDialog(page, { Name: "Eve the Bot" }, "Save");
  await page.locator("main h1").filter({ hasText: "Eve the Bot" }).waitFor();
  const user = await admin.get(`/v1/admin/users/${eve.user}`);
  assert.deepEqual([user.display_name, user.kind], ["Eve the Bot", "bot"]);
}

async function restrictAndLift(page) {
  await visit(page, person, "Eve the Bot");
  await button(page, "Restrict").click();
  const fields = { Reason: "Spam at the quay", Until: "2099-01-02T03:04" };
  await fillDialog(page, fields, "Restrict");
  await closed(page);
  await rowOf(page, "Spam at the quay").getByText("silenced").waitFor();
  const { restriction } = await admin.get(`/v1/admin/users/${eve.user}`);
  assert.deepEqual([restriction.kind, restriction.reason], ["silenced", "Spam at the quay"]);
  assert.match(restriction.until, /^2099-01-0/);
  const silenced = () => refusalOf(eve, "POST", `/v1/conversations/${group}/messages`, message());
  await until("every process follows", async () => (await silenced()) === "403 silenced");
  await button(page, "Lift").click();
  await page.getByText("The user is not restricted.").waitFor();
  await until("it can write again", async () => (await silenced()) === "accepted");
}

function message() {
  return {
    client_message_id: crypto.randomUUID(),
    type: "text",
    body: { text: "Still here." },
  };
}

async function createToken(page) {
  await button(page, "Create a token").click();
  await dialogOf(page).getByLabel("Scope").selectOption("moderator");
  await fillDialog(page, { "Valid for": "5m" }, "Create");
  const token = await dialogOf(page).getByLabel("Token", { exact: true }).inputValue();
  const made = new Caller(TIDINGS_URL, eve.user, token);
  assert.equal((await made.get("/v1/users/me")).id, eve.user);
  assert(Array.isArray((await made.get("/v1/moderation/cases")).cases), "it is a moderator's");
  await page.keyboard.press("Escape");
  await closed(page);
}

async function revokeTokens(page) {
  // A token counts as issued earlier if that was in an earlier second.
  await new Promise((resolve) => setTimeout(resolve, 1100 - (Date.now() % 1000)));
  await button(page, "Revoke tokens").click();
  await typeName(page, eve.user, "Revoke tokens");
  await until("the token is refused", async () => {
    return (await refusalOf(eve, "GET", "/v1/users/me")) === "401 revoked";
  });
}

async function deactivateAndReactivate(page) {
  await button(page, "Deactivate").click();
  await typeName(page, eve.user, "Deactivate");
  await button(page, "Reactivate").waitFor();
  assert.equal((await admin.get(`/v1/admin/users/${eve.user}`)).deactivated, true);
  await button(page, "Reactivate").click();
  await dialogOf(page).getByRole("button", { name: "Reactivate" }).click();
  await closed(page);
  await button(page, "Deactivate").waitFor();
  assert.equal((await admin.get(`/v1/admin/users/${eve.user}`)).deactivated, false);
}

async function deliveryAudit(page) {
  await visit(page, "#/conversations", "Conversations");
  await page.getByLabel("Id or title begins with").fill(group);
  await button(page, "Search").click();
  await page.getByRole("link", { name: group }).click();
  await page.locator("main h1").filter({ hasText: "Quay" }).waitFor();
  await page.getByText("No message is missing.").waitFor();
  const { delivery } = await admin.get(`/v1/admin/conversations/${group}`);
  const rows = await page.locator(".audit li strong").allTextContents();
  assert.deepEqual(rows.map(Number).slice(0, 3), [
    delivery.stored,
    delivery.mirrored,
    delivery.projected,
  ]);
}

async function listMembers(page) {
  const { members } = await admin.get(`/v1/admin/conversations/${group}/members`);
  assert(members.length > 1, "the group has members");
  for (const { user, role } of members) await rowOf(page, user).getByText(role).waitFor();
}

async function traceMessage(page) {
  await page.getByLabel("Trace a message by its number").fill("2");
  await button(page, "Trace").click();
  await page.locator("main h1").filter({ hasText: `Message 2 of ${group}` }).waitFor();
  const trace = await admin.get(`/v1/admin/conversations/${group}/messages/2/trace`);
  await waitForCount(page, ".stages li", trace.stages.length);
  const stages = await page.locator(".stages li").allTextContents();
  assert.match(stages[0], /Stored.*done/s);
  await rowOf(page, ann.user).waitFor();
  await page.getByText(`${trace.read_count} of ${trace.recipient_count} have read it`).waitFor();
}

async function explainMessage(page) {
  await page.getByLabel("User").fill(ann.user);
  await button(page, "Explain").click();
  await page.getByText(`${ann.user} sees the message.`).waitFor();
  await rowOf(page, "membership").getByText("passes").waitFor();
  // Before it was sent, nobody saw it.
  await page.getByLabel("As of a position or time").fill("1");
  await button(page, "Explain").click();
  await page.getByText(`${ann.user} does not see the message.`).waitFor();
  await page.getByLabel("As of a position or time").fill("");
  await page.getByLabel("User").fill("nobody-here");
  await button(page, "Explain").click();
  await page.getByText("nobody-here does not see the message.").waitFor();
}

async function eraseMessage(page) {
  await button(page, "Erase this message").click();
  await typeName(page, `${group}/2`, "Erase");
  await page.locator(".stages li").filter({ hasText: "Erased" }).getByText("done").waitFor();
  const seen = await ann.get(`/v1/conversations/${group}/messages/2`);
  assert.deepEqual([seen.recalled, seen.body], [true, null]);
}

async function eraseUser(page) {
  await visit(page, person, "Eve the Bot");
  await button(page, "Erase").click();
  await typeName(page, eve.user, "Erase");
  await until("the profile is gone", async () => {
    return (await admin.get(`/v1/admin/users/${eve.user}`)).display_name === null;
  });
  await page.locator("main h1").filter({ hasText: eve.user }).waitFor();
}

async function eraseConversation(page) {
  await visit(page, `#/conversations/${group}`, "Quay");
  await button(page, "Erase").click();
  await typeName(page, group, "Erase");
  await until("the messages are gone", async () => {
    const { messages } = await ann.get(`/v1/conversations/${group}/messages`);
    return messages.every(({ body }) => body === null);
  });
}
