// Service desks in the console: settings, how they stand now, and figures, compared with the API.
import { signUp } from "./api.mjs";
import { assert, until } from "./checks.mjs";
import {
  admin,
  button,
  checkAccessible,
  closed,
  dialogOf,
  fillDialog,
  inConsole,
  rowOf,
  typeName,
  visit,
} from "./ops_window.mjs";

const { ARTEFACTS, TIDINGS_URL } = process.env;
const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const ben = await signUp(TIDINGS_URL, "ben", "Ben Okafor");
const cleo = await signUp(TIDINGS_URL, "cleo", "Cléo");
const dora = await signUp(TIDINGS_URL, "dora", "Dora 王");
const desk = `billing-${Date.now()}`;

await inConsole("ops-desks", { add, stands, change, byDay, byAgent, narrow, remove }, {
  expected: [/status of 422/],
});

async function settings() {
  return admin.get(`/v1/admin/desks/${desk}`);
}

async function add(page) {
  await visit(page, "#/desks", "Service desks");
  await page.getByText("There is no service desk.").waitFor();
  await button(page, "Add a desk").click();
  await checkAccessible(page, "the form of a desk");
  const dialog = dialogOf(page);
  await dialog.getByLabel("to the agent with the fewest").check();
  await dialog.getByLabel("Close after silence of").fill("soon");
  const agents = `${ben.user}\n${dora.user}`;
  await fillDialog(page, { Id: desk, Name: "Billing", Agents: agents }, "Save");
  await dialog.getByRole("alert").filter({ hasText: "duration" }).waitFor();
  await fillDialog(page, { "Close after silence of": "20m", Greeting: "Hello!" }, "Save");
  await closed(page);
  await rowOf(page, desk).waitFor();
  const set = await settings();
  assert.deepEqual(set.agents, [ben.user, dora.user]);
  assert.deepEqual(
    [set.title, set.routing, set.max_open, set.idle_close, set.reply_target, set.greeting],
    ["Billing", "least_busy", 5, "20m", "5m", "Hello!"],
  );
  assert.equal(set.reminders, true);
}

/** Numbers of the row, by the labels of their columns. */
async function numbers(page) {
  const cells = await rowOf(page, desk).locator("td.number .cell-value").allTextContents();
  return cells.join();
}

async function stands(page) {
  await admin.call("PUT", `/v1/admin/desks/${desk}`, {
    ...(({ id, waiting, open, ...set }) => set)(await settings()),
    routing: "manual",
  });
  const first = await openSession(ann, "My invoice is wrong.");
  await openSession(cleo, "Mine too.");
  await ben.call("POST", `/v1/service-sessions/${first.session_id}/accept`);
  await ben.send(first.conversation_id, "Let me see.");
  await until("one waits and one is open", async () => (await numbers(page)) === "2,1,1");
  await ben.call("POST", `/v1/service-sessions/${first.session_id}/close`, { reason: "solved" });
  const rating = { score: 4 };
  const rated = await ann.call("POST", `/v1/service-sessions/${first.session_id}/rating`, rating);
  await until("none is open", async () => (await numbers(page)) === "2,1,0");
  await admin.get(`/v1/desks/${desk}/metrics?min_position=${rated.position}`);
  await checkAccessible(page, "the list of desks");
}

function openSession(customer, text) {
  return customer.call("POST", `/v1/desks/${desk}/sessions`, { text });
}

async function change(page) {
  await button(page, `Change: ${desk}`).click();
  await fillDialog(page, { Name: "Billing and refunds" }, "Save");
  await closed(page);
  await rowOf(page, "Billing and refunds").waitFor();
  const set = await settings();
  const kept = [set.title, set.greeting, set.idle_close];
  assert.deepEqual(kept, ["Billing and refunds", "Hello!", "20m"]);
}

/** The cells of the first row of figures, by the labels of their columns. */
async function figures(page) {
  const row = page.getByRole("table", { name: "Figures" }).locator("tbody tr").first();
  await row.waitFor();
  return row.evaluate((found) => {
    const text = (cell, name) => cell.querySelector(name).textContent;
    const cells = [...found.querySelectorAll("td")];
    return Object.fromEntries(
      cells.map((cell) => [text(cell, ".cell-label"), text(cell, ".cell-value")]),
    );
  });
}

async function byDay(page) {
  await rowOf(page, desk).getByRole("link").click();
  await page.locator("main h1").filter({ hasText: "Figures of Billing and refunds" }).waitFor();
  const { rows } = await admin.get(`/v1/desks/${desk}/metrics`);
  const seen = await figures(page);
  assert.equal(seen["Day (UTC)"], rows.at(-1).key);
  assert.deepEqual(
    [seen.Opened, seen.Accepted, seen.Closed, seen.Rating, seen.Messages, seen["In time"]],
    ["2", "1", "1", "4", "3", "50 %"],
  );
  assert.equal(await page.locator(".plot canvas").count(), 4);
  await checkAccessible(page, "the figures of a desk");
  await page.screenshot({ path: `${ARTEFACTS}/ops-desk.png`, fullPage: true });
  await page.getByRole("link", { name: "By hour", exact: true }).click();
  await page.getByRole("columnheader", { name: "Hour (UTC)" }).waitFor();
}

async function byAgent(page) {
  await page.getByRole("link", { name: "By agent", exact: true }).click();
  await page.getByRole("columnheader", { name: "Agent", exact: true }).waitFor();
  const seen = await figures(page);
  assert.deepEqual([seen.Agent, seen.Accepted], [ben.user, "1"]);
  await page.getByRole("link", { name: "30 days", exact: true }).click();
  await page.locator("main a[aria-current]").filter({ hasText: "30 days" }).waitFor();
  assert.match(page.url(), /by=agent&days=30/);
  await page.screenshot({ path: `${ARTEFACTS}/ops-desk-agents.png`, fullPage: true });
}

async function narrow(page) {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.evaluate(() => (document.documentElement.dataset.theme = "dark"));
  await checkAccessible(page, "the figures on a phone in the dark");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(width <= 360, `the page is ${width} px wide`);
  await page.evaluate(() => delete document.documentElement.dataset.theme);
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function remove(page) {
  await visit(page, "#/desks", "Service desks");
  await button(page, `Remove: ${desk}`).click();
  await typeName(page, desk, "Remove");
  await page.getByText("There is no service desk.").waitFor();
  const { desks } = await admin.get("/v1/admin/desks");
  assert.deepEqual(desks, []);
}
