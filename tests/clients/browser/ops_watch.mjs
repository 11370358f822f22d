// Health, events and time travel of the console, while two people talk.
import { signUp } from "./api.mjs";
import { assert, until, waitForCount } from "./checks.mjs";
import { admin, button, dialogOf, inConsole, rowOf, visit } from "./ops_window.mjs";

const ann = await signUp(process.env.TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(process.env.TIDINGS_URL, "bob", "Bob Okafor");
const group = `pier-${Date.now()}`;
await ann.createGroup(group, "Pier", [bob.user]);
const { position: early } = await ann.send(group, "The first boat is in.");

// Bob receives what Ann writes, live.
const address = `${process.env.TIDINGS_URL.replace(/^http/, "ws")}/v1/live`;
const live = new WebSocket(`${address}?after=0&device=pier&access_token=${bob.token}`, "tidings.v1");

let isTalking = true;
const talk = (async () => {
  for (let count = 1; isTalking; count += 1) {
    await ann.send(group, `Boat ${count}`);
    // A rule refuses this: no user is muted by a message that is not there.
    await bob.call("PUT", `/v1/conversations/${group}/pins/999999`).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
})();

try {
  await inConsole("ops-watch", {
    plotsOfHealth,
    flowOfEvents,
    filteredEvents,
    eventDetails,
    followedEvents,
    inboxThenAndNow,
    sliderByKeyboard,
    messagesThenAndNow,
    pictureOfHealth,
    stopsWhileHidden,
    namesWhatFails,
  }, { expected: [/console: Failed to load resource: .*(ERR_FAILED|503)/] });
} finally {
  isTalking = false;
  await talk;
  live.close();
}

/** The value beside a plot, as a number. */
async function plotted(page, title, series) {
  const plot = page.locator("figure.plot").filter({ hasText: title });
  const text = await plot.locator("li").filter({ hasText: series }).locator("strong").textContent();
  return Number(text.replace(/[^\d.]/g, "") || NaN);
}

async function plotsOfHealth(page) {
  await visit(page, "#/health", "Health");
  const positive = async (title, series) => (await plotted(page, title, series)) > 0;
  await until("messages are plotted", () => positive("Sends", "messages/s"));
  await until("commit times are plotted", () => positive("Commit time", "99 % within"));
  await until("requests are plotted", () => positive("Load", "requests/s"));
  await until("refusals are plotted", () => positive("Errors", "refused/s"));
  await page.locator("main tbody tr code").first().waitFor();
  assert.equal(await page.locator("figure.plot canvas").count(), 8);
  // Something is drawn: the canvas is not empty.
  const drawn = await page.locator("figure.plot canvas").first().evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value !== 0);
  });
  assert(drawn, "the plot is drawn");
}

async function flowOfEvents(page) {
  const position = async (stage) => {
    const text = await page.locator(`.flow-${stage} .flow-position`).textContent();
    return Number(text.replaceAll(",", ""));
  };
  const before = await admin.get("/v1/admin/status");
  await until("the flow reaches the head", async () => {
    const { head } = before.database.projection;
    const stages = await Promise.all(["log", "mirror", "projections", "index"].map(position));
    return stages.every((each) => each >= head);
  });
  await page.locator(".verdict.good").waitFor();
}

async function filteredEvents(page) {
  await visit(page, "#/events", "Events");
  await page.getByLabel("Types, with commas").fill("conversation_created");
  await page.getByLabel("Involves the user").fill(bob.user);
  await button(page, "Apply").click();
  const row = rowOf(page, `/conversations/${group}`);
  await row.filter({ hasText: "conversation_created" }).waitFor();
  await waitForCount(page, "main tbody tr", 1);

  await button(page, "Apply").waitFor();
  await visit(page, "#/events", "Events");
  await page.getByLabel("Source", { exact: true }).selectOption("conversations");
  await page.getByLabel("Id of the source").fill(group);
  await page.getByLabel("Up to position").fill(String(early));
  await button(page, "Apply").click();
  await rowOf(page, "The first boat is in.").waitFor();
  await page.getByText("This is the beginning of the log.").waitFor();
  await waitForCount(page, "main tbody tr", 2);

  // A day before it began has nothing.
  await visit(page, "#/events?until=2020-01-01T00:00:00Z", "Events");
  await page.getByText("No event matches.").waitFor();
}

async function eventDetails(page) {
  await visit(page, `#/events?up_to=${early}`, "Events");
  const name = `${early.toLocaleString("en-GB")}: The event`;
  await page.getByRole("button", { name, exact: true }).click();
  const shown = JSON.parse(await dialogOf(page).locator("pre").textContent());
  assert.deepEqual([shown.position, shown.data.body.text], [early, "The first boat is in."]);
  await dialogOf(page).getByRole("link", { name: "Trace this message" }).click();
  await page.locator("main h1").filter({ hasText: `Message 1 of ${group}` }).waitFor();
}

async function followedEvents(page) {
  await visit(page, `#/events?source=/conversations/${group}`, "Events");
  await button(page, "Follow new events").click();
  await ann.send(group, "A message that the console follows.");
  await rowOf(page, "A message that the console follows.").waitFor();
  const texts = await page.locator("main tbody tr td:first-child button").allTextContents();
  const positions = texts.map((text) => Number(text.replaceAll(",", "")));
  assert.deepEqual(positions, [...new Set(positions)].sort((a, b) => b - a), "none is doubled");
  await button(page, "Following").click();
}

/** What the console compares is what the API says as of then, and now. */
async function inboxThenAndNow(page) {
  await visit(page, "#/past", "Time travel");
  await page.getByLabel("User").fill(bob.user);
  await page.getByLabel("Position", { exact: true }).fill(String(early));
  await button(page, "Show").click();
  const then = await admin.get(`/v1/inbox?as_user=${bob.user}&as_of=${early}`);
  assert.equal(then.total_unread, 1);
  const item = page.locator(".compared-item").filter({ hasText: "Pier" });
  await item.getByText("newer messages").waitFor();
  const [before, after] = await item.locator(".compared-side").all();
  assert.match(await before.textContent(), /1 unread/);
  assert.match(await before.textContent(), /The first boat is in\./);
  assert.match(await after.textContent(), /Boat \d+/);
}

async function sliderByKeyboard(page) {
  const slider = page.getByLabel("Position in the log");
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForURL(new RegExp(`as_of=${early - 1}`));
  await page.locator(".compared-item").filter({ hasText: "Pier" }).getByText("read", {
    exact: true,
  }).first().waitFor();
  await page.getByRole("button", { name: "One event later" }).click();
  await page.waitForURL(new RegExp(`as_of=${early}(?!\\d)`));
}

async function messagesThenAndNow(page) {
  await page.getByRole("link", { name: "Pier" }).click();
  const cards = page.locator(".columns .card");
  await cards.nth(0).getByText("The first boat is in.").waitFor();
  await cards.nth(1).getByText(/Boat \d+/).first().waitFor();
  assert.equal(await cards.nth(0).locator(".message-line").count(), 1);
}

/** The plots so far, for people to look at. */
async function pictureOfHealth(page) {
  await visit(page, "#/health", "Health");
  await page.setViewportSize({ width: 1280, height: 860 });
  await until("deliveries are plotted", async () => {
    return (await plotted(page, "Deliveries", "live entries/s")) > 0;
  });
  await page.screenshot({ path: `${process.env.ARTEFACTS}/ops-health-live.png` });
}

/** A page that nobody looks at asks nothing. */
async function stopsWhileHidden(page) {
  await visit(page, "#/health", "Health");
  const setHidden = (isHidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await page.waitForResponse(/\/metrics$/);
  await setHidden(true);
  let asked = 0;
  const count = () => (asked += 1);
  page.on("request", count);
  // Longer than any of the intervals.
  await new Promise((resolve) => setTimeout(resolve, 6000));
  assert.equal(asked, 0, "the hidden page asked for something");
  page.off("request", count);
  const [answer] = await Promise.all([page.waitForResponse(/\/metrics$/), setHidden(false)]);
  assert.equal(answer.status(), 200);
}

/** A server that does not answer, or answers nonsense, is said so, and forgotten once it does. */
async function namesWhatFails(page) {
  await visit(page, "#/health", "Health");
  const verdict = page.locator(".verdict");
  await page.route("**/v1/admin/status", (route) => route.abort());
  await page.route("**/metrics", (route) => route.fulfill({ body: "up 1\n<html>" }));
  await verdict.filter({ hasText: "The status cannot be read" }).waitFor();
  await verdict.filter({ hasText: "Line 2 of the metrics is not a sample: <html>" }).waitFor();
  await page.unrouteAll();
  await page.locator(".verdict.good").waitFor({ timeout: 60_000 });
}
