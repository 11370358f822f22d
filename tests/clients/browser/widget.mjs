// The widget in a page of another origin: a customer and an agent talk, on a desktop and a phone.
import { signUp } from "./api.mjs";
import { findAxeFaults } from "./axe.mjs";
import { assert, until } from "./checks.mjs";
import { launch } from "./chromium.mjs";

const { ADMIN_TOKEN, ARTEFACTS, EXPIRED_TOKEN, OTHER_PAGE, PAGE, TIDINGS_URL } = process.env;
const desk = `help-${Date.now()}`;

const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const ben = await signUp(TIDINGS_URL, "ben", "Ben Okafor");
const admin = new ann.constructor(TIDINGS_URL, "moderator", ADMIN_TOKEN);
const settings = { title: "Help", agents: [ben.user], greeting: "Hello! How can we help?" };
const set = await admin.call("PUT", `/v1/admin/desks/${desk}`, settings);
await admin.get(`/v1/admin/desks/${desk}?min_position=${set.position}`);

// The invented hosts of the pages are this machine.
const browser = await launch(["--host-resolver-rules=MAP *.example 127.0.0.1"]);
const errors = [];
const pages = [];
try {
  const page = await openPage({ viewport: { width: 1280, height: 800 } });
  const steps = { ask, answer, end, look, keyboard, phone, signedOut, refused };
  for (const [name, step] of Object.entries(steps)) {
    await step(page).catch(async (error) => {
      for (const [at, shown] of pages.entries()) {
        await shown.screenshot({ path: `${ARTEFACTS}/failed-widget-${name}-${at}.png` });
      }
      throw new Error(`${name}: ${error.stack}`);
    });
  }
  assert.deepEqual(errors, []);
  console.log(`widget: ${Object.keys(steps).join(", ")}`);
} finally {
  await browser.close();
}

/** A page with the script tag, in which a function gives the token of Ann. */
async function openPage(window, address = PAGE, token = ann.token, attributes = {}) {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...window });
  const page = await context.newPage();
  pages.push(page);
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => errors.push(error.stack ?? String(error)));
  await page.goto(address);
  const tag = { desk, tokenFunction: "getToken", custom: '{"order": 7}', ...attributes };
  await page.evaluate(
    ([source, tag, token]) => {
      window.reasons = [];
      window.getToken = async (reason) => {
        window.reasons.push(reason);
        return token;
      };
      const script = document.createElement("script");
      Object.assign(script.dataset, tag);
      script.src = source;
      document.body.append(script);
    },
    [`${TIDINGS_URL}/widget.js`, tag, token],
  );
  return page;
}

function launcher(page) {
  return page.getByRole("button", { name: /(Open|Close) the chat/ }).first();
}

function frameOf(page) {
  return page.frameLocator("iframe[title=Chat]");
}

async function say(page, text) {
  const field = frameOf(page).getByLabel("Your message");
  await field.fill(text);
  await field.press("Enter");
  await frameOf(page).locator(".widget-message.own", { hasText: text }).waitFor();
}

async function newestSession() {
  return (await ann.get("/v1/service-sessions")).sessions[0];
}

async function ask(page) {
  await launcher(page).click();
  await frameOf(page).getByRole("heading", { name: "Help" }).waitFor();
  await say(page, "Where is my parcel?");
  await frameOf(page).getByText("Hello! How can we help?").waitFor();
  await frameOf(page).getByText("Waiting for an agent").waitFor();
  const session = await newestSession();
  assert.deepEqual([session.desk, session.state, session.custom.order], [desk, "waiting", 7]);
  assert.deepEqual(await page.evaluate(() => window.reasons.slice(0, 1)), ["start"]);
}

async function answer(page) {
  const { id, conversation_id: conversation } = await newestSession();
  await ben.call("POST", `/v1/service-sessions/${id}/accept`);
  await ben.send(conversation, "It comes tomorrow.");
  await frameOf(page).getByText("It comes tomorrow.").waitFor();
  await frameOf(page).getByText("Ben Okafor is answering").waitFor();
  await say(page, "Thank you!");
  await until("the agent has the answer", async () => {
    const { messages } = await ben.get(`/v1/conversations/${conversation}/messages?limit=1`);
    return messages[0].body.text === "Thank you!";
  });
  // While it is closed, the button counts what comes.
  await frameOf(page).getByRole("button", { name: "Close the chat" }).click();
  await page.locator("iframe[title=Chat]").waitFor({ state: "hidden" });
  await ben.send(conversation, "You are welcome.");
  await page.locator(".count", { hasText: "1" }).waitFor();
  await launcher(page).click();
  await page.locator(".count").waitFor({ state: "hidden" });
}

async function end(page) {
  await frameOf(page).getByRole("button", { name: "End", exact: true }).click();
  await frameOf(page).getByRole("button", { name: "5 stars" }).click();
  await frameOf(page).getByText("Thank you for your rating.").waitFor();
  const { state, rating, closed_by: by } = await newestSession();
  assert.deepEqual([state, rating, by], ["closed", 5, ann.user]);
  // The next message opens another one.
  await say(page, "One more thing");
  await until("another session waits", async () => (await newestSession()).state === "waiting");
}

/** What axe-core says of the frame, in light and dark. */
async function look(page) {
  const frame = page.frames().find((each) => each.url().startsWith(`${TIDINGS_URL}/widget`));
  for (const theme of ["light", "dark"]) {
    await frame.evaluate((chosen) => {
      document.documentElement.dataset.theme = chosen;
    }, theme);
    assert.deepEqual(await findAxeFaults(frame), [], `axe-core, ${theme}`);
    await page.screenshot({ path: `${ARTEFACTS}/widget-${theme}.png` });
  }
  await frame.evaluate(() => delete document.documentElement.dataset.theme);
}

async function keyboard(page) {
  await frameOf(page).getByLabel("Your message").press("Escape");
  await page.locator("iframe[title=Chat]").waitFor({ state: "hidden" });
  await until("the button has the focus", () =>
    page.evaluate(() => {
      const host = document.activeElement;
      return host?.shadowRoot?.activeElement?.getAttribute("aria-expanded") === "false";
    }),
  );
  await page.keyboard.press("Enter");
  await page.locator("iframe[title=Chat]").waitFor();
  await page.evaluate(() => window.TidingsWidget.remove());
  assert.equal(await page.locator("iframe[title=Chat]").count(), 0);
}

async function phone() {
  const small = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };
  const page = await openPage(small, PAGE, ann.token, { language: "zh", theme: "dark" });
  await page.getByRole("button", { name: "打开客服" }).tap();
  const frame = page.locator("iframe[title=客服]");
  await frame.waitFor();
  const { x, y, width, height } = await frame.boundingBox();
  assert.deepEqual([x, y, width, height], [0, 0, 360, 640]);
  const inside = page.frameLocator("iframe[title=客服]");
  await inside.getByText("等待客服").waitFor();
  await inside.getByText("One more thing").waitFor();
  await page.screenshot({ path: `${ARTEFACTS}/widget-phone.png` });
  await inside.getByRole("button", { name: "关闭客服" }).tap();
  await frame.waitFor({ state: "hidden" });
}

async function signedOut() {
  const page = await openPage({}, PAGE, EXPIRED_TOKEN);
  await launcher(page).click();
  await frameOf(page).getByText("You are not signed in.").waitFor();
}

/** A page of an origin that is not listed gets no frame. */
async function refused() {
  const page = await openPage({}, OTHER_PAGE);
  const refusal = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
  await launcher(page).click();
  await refusal;
  assert.equal(await frameOf(page).getByLabel("Your message").count(), 0);
}
