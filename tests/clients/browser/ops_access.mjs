// Every page of the console by keyboard and for screen readers, at three widths, light and dark,
// in English and Chinese. The screenshots stay in ARTEFACTS.
import { signUp } from "./api.mjs";
import { assert, waitForCount } from "./checks.mjs";
import {
  admin,
  button,
  checkAccessible,
  closed,
  dialogOf,
  inConsole,
  visit,
} from "./ops_window.mjs";

const { TIDINGS_URL, ARTEFACTS } = process.env;
const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(TIDINGS_URL, "bob", "Bob Okafor");
const group = `mole-${Date.now()}`;
await ann.createGroup(group, "Mole", [bob.user]);
for (let count = 1; count <= 30; count += 1) await ann.send(group, `Stone ${count} is laid.`);
const { position } = await bob.send(group, "The mole is done.");
const reports = `/v1/conversations/${group}/messages/31/reports`;
const report = await ann.call("POST", reports, { reason: "other", note: "Is it, really?" });
await admin.get(`/v1/moderation/cases/${report.case_id}?min_position=${report.position}`);
await admin.call("PUT", "/v1/moderation/lists/access", {
  action: "flag",
  match: "word",
  words: ["barratry"],
});
await admin.call("PUT", "/v1/admin/holds/access", { user: ann.user, reason: "a dispute" });

/** Addresses with headings in English and Chinese. */
const PAGES = [
  ["health", "#/health", "Health", "运行状况"],
  ["events", "#/events", "Events", "事件"],
  ["past", `#/past?user=${bob.user}&as_of=${position - 5}`, "Time travel", "时间回溯"],
  ["people", "#/people", "People", "用户"],
  ["person", `#/people/${bob.user}`, "Bob Okafor", "Bob Okafor"],
  ["conversations", "#/conversations", "Conversations", "会话"],
  ["conversation", `#/conversations/${group}`, "Mole", "Mole"],
  ["message", `#/conversations/${group}/31?as=${ann.user}`, "Message 31", "第 31 条消息"],
  ["cases", "#/cases", "Moderation", "审核"],
  ["case", `#/cases/${report.case_id}`, "Case", "案件"],
  ["rules", "#/rules", "Rules", "规则"],
  ["storage", "#/storage", "Storage", "存储"],
  ["webhooks", "#/webhooks", "Webhooks", "Webhook"],
  ["pushes", "#/pushes", "Pushes", "推送"],
  ["maintenance", "#/maintenance", "Rebuild and seals", "重建与封印"],
  ["switches", "#/switches", "Switches", "开关"],
  ["holds", "#/holds", "Legal holds", "法律保留"],
  ["audit", "#/audit", "Audit", "审计"],
  ["place", "#/place", "This place", "本站"],
];
const WIDTHS = [390, 900, 1600];
/** Without screenshots: the smallest that WCAG asks for, and those where the layout changes. */
const OTHER_WIDTHS = [320, 890, 1120, 1180, 1280];

await inConsole("ops-access", { byKeyboard, dialogByKeyboard, phoneNavigation });
for (const colorScheme of ["light", "dark"]) {
  const window = { colorScheme };
  const checks = { screenshots: (page) => takePictures(page, colorScheme) };
  await inConsole(`ops-${colorScheme}`, checks, { window });
}
const chinese = { window: { locale: "zh-CN" } };
await inConsole("ops-chinese", { inChinese }, chinese);

/** Until nothing is being loaded. */
async function settled(page) {
  await waitForCount(page, "main .empty[role=status]", 0);
  await page.evaluate(() => document.fonts.ready);
}

async function takePictures(page, colorScheme) {
  for (const [name, hash, heading] of PAGES) {
    await page.setViewportSize({ width: WIDTHS[2], height: 1000 });
    await visit(page, hash, heading);
    await settled(page);
    await checkAccessible(page, `${name}, ${colorScheme}`);
    for (const width of OTHER_WIDTHS) await checkWidth(page, name, width);
    for (const width of WIDTHS) {
      await checkWidth(page, name, width);
      await page.screenshot({ path: `${ARTEFACTS}/ops-${name}-${width}-${colorScheme}.png` });
    }
    if (colorScheme === "dark") continue;
    // What is shown on a phone has the same colours, so one of them is enough.
    await page.setViewportSize({ width: WIDTHS[0], height: 844 });
    await checkAccessible(page, `${name} on a phone`);
  }
}

/** Nothing has to be moved sideways to be read. */
async function checkWidth(page, name, width) {
  await page.setViewportSize({ width, height: width < 500 ? 844 : 1000 });
  const overflow = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.getElementById("content");
    return scrollWidth - clientWidth;
  });
  assert(overflow <= 0, `${name} is ${overflow} px too wide at ${width} px`);
}

async function inChinese(page) {
  for (const [name, hash, , heading] of PAGES) {
    await visit(page, hash, heading);
    await settled(page);
    const words = await page.locator("main").evaluate((main) => {
      const copy = main.cloneNode(true);
      // What cells show comes from the server, and may have braces.
      for (const cell of copy.querySelectorAll("td .cell-value, pre")) cell.remove();
      return copy.textContent;
    });
    const hole = /.{0,20}(\{\w+\}|undefined|NaN).{0,20}/.exec(words);
    assert.equal(hole, null, `${name} has a hole in a text: ${hole?.[0]}`);
    if (name === "health") await page.screenshot({ path: `${ARTEFACTS}/ops-${name}-zh.png` });
  }
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-Hans");
}

/** The skip link comes first, the pages follow, and Enter opens them; focus goes to the heading. */
async function byKeyboard(page) {
  await visit(page, "#/health", "Health");
  await page.reload();
  await page.locator("main h1").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "content");

  await page.getByRole("link", { name: "Events", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.locator("main h1").filter({ hasText: "Events" }).waitFor();
  assert.equal(await page.title(), "Events · Tidings");
  assert.equal(await focused(page), "Events");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  const current = page.locator(".console-nav [aria-current=page]");
  assert.equal((await current.textContent()).trim(), "Events");
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.textContent?.trim());
}

/** A dialog takes the focus, keeps it, closes by Escape, and gives it back. */
async function dialogByKeyboard(page) {
  await visit(page, `#/people/${bob.user}`, "Bob Okafor");
  const opener = button(page, "Deactivate");
  await opener.focus();
  await page.keyboard.press("Enter");
  await dialogOf(page).waitFor();
  await checkAccessible(page, "the dialog");
  for (let times = 0; times < 12; times += 1) {
    await page.keyboard.press("Tab");
    const isInside = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement === document.body || activeElement?.closest("dialog") !== null;
    });
    assert(isInside, "the focus stays in the dialog");
  }
  await page.keyboard.press("Escape");
  await closed(page);
  assert.equal(await focused(page), "Deactivate");
  assert.equal((await admin.get(`/v1/admin/users/${bob.user}`)).deactivated, false);
}

async function phoneNavigation(page) {
  await page.setViewportSize({ width: 390, height: 844 });
  const menu = button(page, "Pages");
  assert.equal(await menu.getAttribute("aria-expanded"), "false");
  await menu.click();
  await checkAccessible(page, "the open navigation");
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await page.locator("main h1").filter({ hasText: "Audit" }).waitFor();
  assert.equal(await menu.getAttribute("aria-expanded"), "false");
  await page.setViewportSize({ width: 1280, height: 800 });
}
