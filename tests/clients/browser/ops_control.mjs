// Webhooks, jobs, seals, switches, holds, audit and place in the console, seen through the API.
import { createServer } from "node:http";
import { once } from "node:events";
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
const group = `yard-${Date.now()}`;
await ann.createGroup(group, "Yard", []);

/** A receiver of webhooks that refuses everything until that changes. */
const receiver = { answer: 500, bodies: [] };
const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  if (receiver.answer === 200) receiver.bodies.push(JSON.parse(body));
  response.writeHead(receiver.answer).end();
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const host = `127.0.0.1:${server.address().port}`;

try {
  await inConsole("ops-control", {
    addWebhook,
    parkedDeliveries,
    replayParked,
    changeAndRemoveWebhook,
    verifyReadModels,
    rebuildReadModels,
    rebuildSearch,
    verifySeals,
    stopJob,
    switchOff,
    holdConversation,
    auditWithFilters,
    renamePlace,
    changeRights,
    inviteByLink,
    signOut,
  });
} finally {
  server.close();
}

async function findWebhook() {
  const { webhooks } = await admin.get("/v1/admin/webhooks");
  return webhooks.find(({ url }) => url.includes(host));
}

async function addWebhook(page) {
  await visit(page, "#/webhooks", "Webhooks");
  await button(page, "Add a webhook").click();
  await fillDialog(page, { Address: `http://${host}/`, "Types of events": "message_sent" }, "Add");
  const secret = await dialogOf(page).getByLabel("Secret").inputValue();
  assert.match(secret, /^whsec_/);
  await page.keyboard.press("Escape");
  await closed(page);
  await rowOf(page, host).getByText("on", { exact: true }).waitFor();
  assert.deepEqual((await findWebhook()).events, ["message_sent"]);
}

async function parkedDeliveries(page) {
  await ann.send(group, "Fetch the ladder");
  await until("the delivery is parked", async () => (await findWebhook()).parked > 0, 60);
  await page.reload();
  await rowOf(page, host).getByRole("link").click();
  await page.locator("main h1").filter({ hasText: "Webhook" }).waitFor();
  await rowOf(page, "500").waitFor();
}

async function replayParked(page) {
  receiver.answer = 200;
  await page.getByRole("button", { name: /^Replay from position/ }).click();
  await dialogOf(page).getByRole("button", { name: "Replay", exact: true }).click();
  await closed(page);
  await until("it is delivered again", () =>
    receiver.bodies.some(({ data }) => data.body?.text === "Fetch the ladder"),
  );
  await until("nothing is parked", async () => (await findWebhook()).parked === 0);
}

async function changeAndRemoveWebhook(page) {
  await page.reload();
  await button(page, "Switch off").click();
  await button(page, "Switch on").waitFor();
  assert.equal((await findWebhook()).enabled, false);
  await button(page, "Switch on").click();
  await button(page, "Switch off").waitFor();
  await button(page, "Change").click();
  await fillDialog(page, { "Types of events": "message_sent,member_added" }, "Save");
  await closed(page);
  await page.getByText("message_sent, member_added").waitFor();
  assert.deepEqual((await findWebhook()).events, ["message_sent", "member_added"]);
  await button(page, "Remove").click();
  await typeName(page, host, "Remove");
  await page.locator("main h1").filter({ hasText: "Webhooks" }).waitFor();
  assert.equal(await findWebhook(), undefined);
}

/** The newest job, once it has ended. */
async function endOfJob(kind, of) {
  return until(`${kind} of ${of} has ended`, async () => {
    const { jobs } = await admin.get("/v1/admin/jobs");
    const job = jobs[0];
    return job?.kind === kind && job.of === of && job.state !== "running" ? job : null;
  }, 90);
}

async function verifyReadModels(page) {
  await visit(page, "#/maintenance", "Rebuild and seals");
  await page.getByRole("button", { name: "Verify · Read models", exact: true }).click();
  const job = await endOfJob("verify", "read_models");
  assert.deepEqual([job.state, job.result.equal, job.by], ["done", true, "root"]);
  await page.locator("main tbody tr").first().getByText("equal", { exact: true }).waitFor();
}

async function rebuildReadModels(page) {
  const rebuild = page.getByRole("button", { name: "Rebuild · Read models", exact: true });
  await rebuild.click();
  await typeName(page, "read_models", "Rebuild");
  const job = await endOfJob("rebuild", "read_models");
  assert.deepEqual([job.state, job.error], ["done", null]);
  await rowOf(page, "Rebuild · Read models").getByText("done").waitFor();
  await rowOf(page, "Rebuild · Read models").getByRole("button").click();
  assert.equal(JSON.parse(await dialogOf(page).locator("pre").textContent()).id, job.id);
  await page.keyboard.press("Escape");
  await closed(page);
}

async function rebuildSearch(page) {
  await page.getByRole("button", { name: "Rebuild · Search index", exact: true }).click();
  await typeName(page, "search", "Rebuild");
  assert.equal((await endOfJob("rebuild", "search")).state, "done");
}

async function verifySeals(page) {
  await page.getByRole("button", { name: "Verify · Seals", exact: true }).click();
  const job = await endOfJob("verify", "seals");
  assert.equal(job.state, "done", JSON.stringify(job));
  await rowOf(page, "Verify · Seals").getByText("no findings").waitFor();
  const { seals, sealed } = await admin.get("/v1/admin/seals?limit=1");
  assert(sealed > 0, "something is sealed");
  await page.getByText(seals[0].hash.slice(0, 24)).first().waitFor();
}

/** A job of this small log ends at once, so the answers of a long one are put in its place. */
async function stopJob(page) {
  const job = {
    ...(await admin.get("/v1/admin/jobs")).jobs[0],
    kind: "rebuild",
    of: "read_models",
    state: "running",
    done: 250,
    total: 1000,
    unit: "events",
    started_at: new Date(Date.now() - 60_000).toISOString(),
    ended_at: null,
    result: null,
    stop_requested: false,
  };
  await page.route(/\/v1\/admin\/jobs/, (route) => {
    if (route.request().method() === "DELETE") {
      assert(route.request().url().endsWith(job.id));
      Object.assign(job, { done: 300, stop_requested: true });
    }
    return route.fulfill({ json: route.request().method() === "GET" ? { jobs: [job] } : job });
  });
  await page.getByText("250 of 1,000 events").waitFor();
  await page.getByText(/about 3\D+ left/).waitFor();
  assert.equal(await page.locator("progress").evaluate(({ position }) => position), 0.25);
  assert(await page.getByRole("button", { name: "Verify · Seals", exact: true }).isDisabled());
  await button(page, "Stop").click();
  await dialogOf(page).getByRole("button", { name: "Stop", exact: true }).click();
  await closed(page);
  await page.getByText("300 of 1,000 events").waitFor();
  await page.locator(".job").getByText("It is stopping.").waitFor();
  await page.unroute(/\/v1\/admin\/jobs/);
  await page.getByText("Nothing is running.").waitFor();
}

async function switchOff(page) {
  await visit(page, "#/switches", "Switches");
  await page.getByRole("button", { name: "Switch off: Typing notifications" }).click();
  await fillDialog(page, { Reason: "A flood", Until: "2099-01-01T10:00:00" }, "Switch off");
  await closed(page);
  await rowOf(page, "Typing notifications").getByText("A flood").waitFor();
  const typing = async () => {
    const { switches } = await admin.get("/v1/admin/switches");
    return switches.find(({ name }) => name === "typing");
  };
  const { on, reason, until: end } = await typing();
  assert.deepEqual([on, reason], [false, "A flood"]);
  assert.match(end, /^2099-01-01/);
  await page.getByRole("button", { name: "Switch on: Typing notifications" }).click();
  await page.getByRole("button", { name: "Switch off: Typing notifications" }).waitFor();
  assert.equal((await typing()).on, true);
}

async function holdConversation(page) {
  const name = `case-${Date.now()}`;
  await visit(page, `#/conversations/${group}`, "Yard");
  await page.getByRole("link", { name: "Place a hold" }).click();
  assert.equal(await dialogOf(page).getByLabel("Conversation").inputValue(), group);
  await fillDialog(page, { Name: name, Reason: "A court has asked" }, "Place a hold");
  await closed(page);
  await rowOf(page, name).getByText("A court has asked").waitFor();
  const body = { conversation_id: group };
  await assert.rejects(admin.call("POST", "/v1/admin/erasures", body), /409 .*held/);
  await page.getByRole("button", { name: `Lift: ${name}` }).click();
  await typeName(page, name, "Lift");
  await rowOf(page, name).waitFor({ state: "detached" });
  await admin.call("POST", "/v1/admin/erasures", body);
}

async function auditWithFilters(page) {
  await visit(page, "#/audit", "Audit");
  await page.getByLabel("Who").fill("root");
  await page.getByLabel("Acts, with commas").fill("hold_placed,hold_lifted,job_started");
  await button(page, "Apply").click();
  await until("the others are left out", async () => {
    const acts = await page.locator("main tbody td code").allTextContents();
    return [...new Set(acts)].sort().join() === "hold_lifted,hold_placed,job_started";
  });
}

async function renamePlace(page) {
  await visit(page, "#/place", "This place");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Harbour");
  await button(page, "Save").click();
  await page.locator(".toast").filter({ hasText: "The name is saved." }).waitFor();
  await page.locator(".console-name").filter({ hasText: "Harbour" }).waitFor();
  await until("every process knows", async () => {
    return (await admin.get("/v1/place")).name === "Harbour";
  });
}

async function changeRights(page) {
  await page.getByLabel("User name begins with").fill(ann.user);
  await button(page, "Search").click();
  await page.getByRole("button", { name: `Change rights: ${ann.user}` }).click();
  await dialogOf(page).getByLabel("moderator", { exact: true }).check();
  await typeName(page, ann.user, "Change rights");
  await rowOf(page, ann.user).getByText("moderator").waitFor();
  const { accounts } = await admin.get(`/v1/admin/accounts?q=${ann.user}`);
  assert.deepEqual(accounts.map(({ scope }) => scope), ["moderator"]);
}

async function inviteByLink(page) {
  await button(page, "Make an invitation link").click();
  const link = await page.getByLabel("Invitation link").inputValue();
  assert.match(link, /#invite=.+/);
  await page.getByLabel("Invitation link").focus();
  const selected = await page.evaluate(() => getSelection().toString());
  assert.equal(selected, link);
}

/** The language and theme can be chosen, and the session ends. */
async function signOut(page) {
  const choose = async (label, user = "root") => {
    await page.locator(".account").click();
    await page.getByRole("menu", { name: new RegExp(user) }).waitFor();
    await page.locator(".menu-item").filter({ hasText: label }).click();
  };
  await choose("Dark");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await choose("中文");
  await page.locator("main h1").filter({ hasText: "本站" }).waitFor();
  await choose("English");
  await choose("As the system");
  await choose("Sign out");
  await page.getByRole("heading", { name: "Welcome to Tidings" }).waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem("tidings.account")), null);
}
