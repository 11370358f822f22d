// The first run of a fresh system: the owner, the name, an invitation, and the console.
import { randomUUID } from "node:crypto";
import { Caller } from "./api.mjs";
import { assert } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { admin, checkAccessible } from "./ops_window.mjs";

const { TIDINGS_URL, CHAT_URL, SETUP_CODE, ARTEFACTS } = process.env;
const PASSWORD = "correct horse battery";
const nobody = new Caller(TIDINGS_URL, "nobody", "");
const place = async () => (await fetch(`${TIDINGS_URL}/v1/place`)).json();

const browser = await launch();
const faults = new Faults(CHAT_URL);
// Chromium says so when the server refuses: a wrong code, a user without rights, a revoked token.
faults.expected.push(/console: Failed to load resource: .*40[13]/);
try {
  assert.equal((await place()).setup, "needed");
  await refuseWrongCode();
  const page = await openWindow(browser, `${CHAT_URL}/ops#setup=${SETUP_CODE}`, null, faults);
  await createOwner(page);
  const invite = await inviteSomebody(page);
  await openConsole(page);
  const guest = await openAccount(invite);
  await refuseGuest(guest);
  await endSession(page);
  await setUpOnlyOnce();
  faults.check();
  console.log("ops-first-run: the owner exists, has invited a guest, and is in the console");
} finally {
  await browser.close();
}

async function fillOwner(page) {
  await page.getByLabel("Name of this place").fill("Harbour Bakery");
  await page.getByLabel("Your user name").fill("olga");
  await page.getByLabel("Your name", { exact: true }).fill("Olga 面包师");
  await page.getByLabel("Password").fill(PASSWORD);
}

/** Without the link, the page asks for the code, and the server checks it. */
async function refuseWrongCode() {
  const page = await openWindow(browser, `${CHAT_URL}/ops`, null, faults);
  await page.getByLabel("Setup code").fill("0".repeat(64));
  await fillOwner(page);
  await page.getByRole("button", { name: "Create the owner" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal((await place()).setup, "needed");
  await page.context().close();
}

async function createOwner(page) {
  await page.getByRole("heading", { name: "Set up this place" }).waitFor();
  await page.waitForFunction(() => !location.href.includes("setup="), null, { timeout: 5000 });
  await checkAccessible(page, "the setup");
  await page.screenshot({ path: `${ARTEFACTS}/ops-setup-1.png` });
  await fillOwner(page);
  await page.getByRole("button", { name: "Create the owner" }).click();
  await page.getByText("olga owns Harbour Bakery now.").waitFor();
  const { name, setup } = await place();
  assert.deepEqual([name, setup], ["Harbour Bakery", "done"]);
}

async function inviteSomebody(page) {
  await page.getByRole("button", { name: "Make an invitation link" }).click();
  const link = await page.getByLabel("Invitation link").inputValue();
  await checkAccessible(page, "the invitation");
  await page.screenshot({ path: `${ARTEFACTS}/ops-setup-2.png` });
  const { origin, pathname, hash } = new URL(link);
  assert.deepEqual([origin, pathname], [new URL(CHAT_URL).origin, "/"]);
  return /^#invite=(.+)$/.exec(hash)[1];
}

async function openConsole(page) {
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.locator("main h1").filter({ hasText: "Health" }).waitFor();
  await page.locator(".console-name").filter({ hasText: "Harbour Bakery" }).waitFor();
  await page.locator(".verdict.good").waitFor();
  await checkAccessible(page, "the console");
}

async function openAccount(invite) {
  const user = `mei-${randomUUID().slice(0, 8)}`;
  const body = { user, password: PASSWORD, display_name: "Mei", invite };
  const { token } = await nobody.call("POST", "/v1/accounts", body);
  return new Caller(TIDINGS_URL, user, token);
}

/** A user who is no administrator sees that, and nothing of the system. */
async function refuseGuest(guest) {
  const page = await openWindow(browser, `${CHAT_URL}/ops`, guest, faults);
  await page.getByText(`${guest.user} is not an administrator of this place.`).waitFor();
  assert.equal(await page.locator("figure, table").count(), 0);
  await page.getByRole("button", { name: "Sign in as somebody else" }).click();
  await page.getByRole("heading", { name: "Welcome to Tidings" }).waitFor();
  await page.context().close();
}

/** Once the tokens are revoked, the console asks to sign in, and says why. */
async function endSession(page) {
  await admin.call("POST", "/v1/admin/users/olga/revoke");
  await page.getByRole("heading", { name: "Welcome to Tidings" }).waitFor();
  await page.getByText("You have been signed out:").waitFor();
  await checkAccessible(page, "the page to sign in");
  await page.context().close();
}

async function setUpOnlyOnce() {
  const page = await openWindow(browser, `${CHAT_URL}/ops#setup=${SETUP_CODE}`, null, faults);
  await page.getByText("This place is set up already.").waitFor();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("User name").fill("olga");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.locator("form .button.primary").click();
  await page.locator("main h1").filter({ hasText: "Health" }).waitFor();
  await page.context().close();
}
