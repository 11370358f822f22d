// What files occupy and how pushes fare in the console, compared with the API.
import { createECDH, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { signUp } from "./api.mjs";
import { assert, until } from "./checks.mjs";
import { admin, inConsole, rowOf, visit } from "./ops_window.mjs";

const { TIDINGS_URL } = process.env;
const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(TIDINGS_URL, "bob", "Bob Okafor");
const group = `quay-${Date.now()}`;
await ann.createGroup(group, "Quay", [bob.user]);

const chart = await upload(ann, "chart.bin", 3 * 1024 * 1024);
await sendFile(ann, group, chart);
const spare = await upload(bob, "spare.txt", 2048);
const announced = await reserve(bob, "later.bin", 5 * 1024 * 1024);

/** A push service of browsers. */
const service = { answer: 201, received: 0 };
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    service.received += 1;
    response.writeHead(service.answer).end();
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

try {
  await inConsole("ops-storage", { totals, byConversation, byPerson, orphans, answers, periods });
} finally {
  server.close();
}

async function reserve(user, name, size) {
  const body = { name, type: "application/octet-stream", size };
  return user.call("POST", "/v1/files", body);
}

async function upload(user, name, size) {
  const { id, upload } = await reserve(user, name, size);
  const answer = await fetch(user.url + upload.url, {
    method: upload.method,
    headers: { ...upload.headers, authorization: `Bearer ${user.token}` },
    body: new Uint8Array(size).fill(7),
  });
  assert.equal(answer.status, 200, await answer.text());
  return id;
}

function sendFile(user, conversation, file) {
  const body = { client_message_id: file, type: "file", body: { file } };
  return user.call("POST", `/v1/conversations/${conversation}/messages`, body);
}

/** The cells of the row with a text, by the labels of their columns. */
async function cellsOf(page, table, text) {
  const row = page.getByRole("table", { name: table }).locator("tbody tr", { hasText: text });
  await row.first().waitFor();
  return row.first().evaluate((found) => {
    const cells = [...found.querySelectorAll("td")];
    const pairs = cells.map((cell) => [
      cell.querySelector(".cell-label").textContent,
      cell.querySelector(".cell-value").textContent,
    ]);
    return Object.fromEntries(pairs);
  });
}

async function totals(page) {
  await visit(page, "#/storage", "Storage");
  const sums = await admin.get("/v1/admin/storage");
  assert(sums.files >= 2 && sums.unused_files >= 1 && sums.uploads >= 1, JSON.stringify(sums));
  const facts = page.locator("main .facts");
  await facts.getByText(new RegExp(`^${sums.files} files, `)).waitFor();
  const texts = await facts.locator("dd").allTextContents();
  const counts = texts.map((text) => Number.parseInt(text, 10));
  assert.deepEqual(counts, [sums.files, sums.unused_files, sums.uploads]);
}

async function byConversation(page) {
  const cells = await cellsOf(page, "By conversation", group);
  assert.deepEqual([cells.Name, cells.Files, cells.Size], ["Quay", "1", "3 MiB"]);
  await page.getByRole("table", { name: "By conversation" }).getByText(group).click();
  await page.locator("main h1").filter({ hasText: "Quay" }).waitFor();
}

async function byPerson(page) {
  await visit(page, "#/storage", "Storage");
  const bobs = await cellsOf(page, "By person", bob.user);
  const { Files, Size, Unfinished, Announced } = bobs;
  assert.deepEqual([Files, Size, Unfinished, Announced], ["1", "2 KiB", "1", "5 MiB"]);
  const names = () =>
    page.getByRole("table", { name: "By person" }).locator("td:first-child a").allTextContents();
  const [first] = (await admin.get("/v1/admin/storage/users?sort=bytes&limit=1")).users;
  await until("the largest is first", async () => (await names())[0] === first.id);
  await page.getByRole("link", { name: "By name", exact: true }).click();
  await until("they are by name", async () => {
    const shown = await names();
    return shown.length > 1 && shown.join() === [...shown].sort().join();
  });
  assert.match(page.url(), /sort=name/);
}

async function orphans(page) {
  const unused = await cellsOf(page, "Used by nothing", spare);
  assert.deepEqual([unused.State, unused.Size], ["stored", "2 KiB"]);
  const unfinished = await cellsOf(page, "Used by nothing", announced.id);
  assert.equal(unfinished.State, "unfinished");
  const row = rowOf(page, announced.id);
  const at = await row.locator("time").getAttribute("datetime");
  assert.equal(at, announced.upload.expires_at);
}

/** Registers a browser of a user, whose pushes come to the service here. */
async function register(user, device) {
  const keys = createECDH("prime256v1");
  const endpoint = `http://127.0.0.1:${server.address().port}/${device}`;
  const subscription = {
    endpoint,
    keys: {
      p256dh: keys.generateKeys("base64url"),
      auth: randomBytes(16).toString("base64url"),
    },
  };
  const body = { provider: "webpush", subscription };
  return user.call("PUT", `/v1/devices/${device}/push`, body);
}

async function answersOf(page, outcome) {
  const cells = await cellsOf(page, /^Answers since/, outcome);
  return [cells.Provider, Number(cells.Attempts)];
}

async function answers(page) {
  await visit(page, "#/pushes", "Pushes");
  const { position } = await register(bob, "firefox");
  await admin.get(`/v1/admin/pushes?min_position=${position}`);
  await ann.send(group, "The tide is in");
  await until("a push has come", () => service.received === 1, 60);
  const browsers = "Browsers (Web Push)";
  await page.getByText("accepted", { exact: true }).waitFor();
  assert.deepEqual(await answersOf(page, "accepted"), [browsers, 1]);
  const devices = await cellsOf(page, "Providers", browsers);
  assert.deepEqual([devices.Devices, devices.Parked], ["1", "0"]);
  service.answer = 410;
  await ann.send(group, "The tide is out");
  await page.getByText("device is gone", { exact: true }).waitFor({ timeout: 60_000 });
  assert.deepEqual(await answersOf(page, "device is gone"), [browsers, 1]);
  await until("the device is dropped", async () => {
    return (await cellsOf(page, "Providers", browsers)).Devices === "0";
  });
}

async function periods(page) {
  await page.getByRole("link", { name: "30 days", exact: true }).click();
  await page.locator("main a[aria-current]").filter({ hasText: "30 days" }).waitFor();
  assert.match(page.url(), /hours=720/);
  const { since } = await admin.get("/v1/admin/pushes?hours=720");
  assert(Date.now() - Date.parse(since) > 29 * 86_400_000, since);
}
