// Opens page.html in Chromium from an origin that the server allows, and lets two people chat
// there. The same page from an origin that it does not allow cannot send.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const { TIDINGS_URL, ANN_TOKEN, BOB_TOKEN, EXPIRED_TOKEN } = process.env;
const { CHROMIUM, PAGE, OTHER_PAGE } = process.env;
const people = { url: TIDINGS_URL, ann: ANN_TOKEN, bob: BOB_TOKEN, expired: EXPIRED_TOKEN };

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  // The invented hosts of the pages are this machine. Root cannot run Chromium's sandbox.
  args: [
    "--host-resolver-rules=MAP *.example 127.0.0.1",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
  ],
});
try {
  const page = await browser.newPage();
  await page.goto(PAGE);
  const seen = await page.evaluate((people) => chat(people), people);

  const { sent, client_message_id } = seen;
  assert.equal(sent.headerPosition, String(sent.position), "Tidings-Position is readable");
  assert.equal(seen.protocol, "tidings.v1");
  for (const entry of seen.entries) {
    assert.deepEqual([entry.type, entry.position], ["message_sent", sent.position]);
    assert.deepEqual(entry.data.body, { text: "Hello" });
  }
  // Only its author gets the id back.
  const ids = seen.entries.map((entry) => entry.data.client_message_id ?? null);
  assert.deepEqual(ids, [client_message_id, null, null]);
  const clean = { code: 1000, wasClean: true };
  assert.deepEqual(seen.closed, [clean, clean]);
  assert.equal(seen.closedWithExpiredToken.code, 4401);

  await page.goto(OTHER_PAGE);
  await assert.rejects(
    page.evaluate((people) => chat(people), people),
    /Failed to fetch/,
    "an origin that is not allowed cannot call the API",
  );
  // The page of the frames shows each of them, and asks nobody else for anything.
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  await page.goto(`${TIDINGS_URL}/asyncapi`);
  // A machine without fonts shows nothing, so wait for the element and not for its letters.
  await page.waitForSelector("#ClientTypingStoppedFrame", { state: "attached" });
  const shown = await page.textContent("main");
  for (const text of ["GET /v1/live", "access_token", '"type": "presence"', "last_seen"]) {
    assert(shown.includes(text), `the page shows ${text}`);
  }
  const links = await page.$$eval("main a", (all) => all.map((link) => link.hash.slice(1)));
  assert(links.length > 20);
  for (const id of links) assert(await page.$(`[id="${id}"]`), `#${id} is on the page`);
  assert.deepEqual([...new Set(asked)], [new URL(TIDINGS_URL).origin]);

  console.log(
    `Chromium ${browser.version()}: WebSockets and EventSource delivered, closes were clean`,
  );
} finally {
  await browser.close();
}
