// Every panel at three widths, light and dark, in both languages, and from right to left: pictures
// for people, and checks for what they might not see.
import assert from "node:assert/strict";
import { join } from "node:path";
import { Caller, signUp } from "./api.mjs";
import { findAxeFaults } from "./axe.mjs";
import { until } from "./checks.mjs";
import { runParts } from "./panel_window.mjs";

const { ADMIN_TOKEN, ARTEFACTS, TIDINGS_URL } = process.env;
const WIDTHS = { phone: 360, tablet: 820, desktop: 1280 };

const annCalls = await signUp(TIDINGS_URL, "ann", "Ann Smith");
const bobCalls = await signUp(TIDINGS_URL, "bob", "Bob 王小明");
const cleoCalls = await signUp(TIDINGS_URL, "cleo", "كليو");
const rootCalls = new Caller(TIDINGS_URL, "root", ADMIN_TOKEN);
const id = `lunch.${annCalls.user}`;
const group = `/v1/conversations/${id}`;
const places = [
  ["people", {}],
  ["person", { user: bobCalls.user }],
  ["settings", {}],
  ["new-group", {}],
  ["join", {}],
  ["invitations", {}],
  ["group", { conversation: id }],
  ["members", { conversation: id }],
  ["policies", { conversation: id }],
  ["links", { conversation: id }],
  ["requests", { conversation: id }],
  ["sanctions", { conversation: id }],
  ["pins", { conversation: id }],
  ["explain", { conversation: id }],
  ["why", { conversation: id, seq: 2 }],
  ["search", { query: "noodles" }],
  ["search", {}],
  ["threads", {}],
  ["scheduled", {}],
  ["held", {}],
];

/** Something of everything, with long names and texts that could break a narrow panel. */
async function prepare() {
  const long = "Donaudampfschifffahrtsgesellschaftskapitänsmütze";
  await annCalls.call("PATCH", "/v1/users/me", { about: `I like noodles.\n${long}` });
  await annCalls.createGroup(id, `Lunch 午饭 ${long}`, [bobCalls.user, cleoCalls.user]);
  await annCalls.send(id, `noodles at noon? https://${"menu.".repeat(30)}example`);
  await bobCalls.send(id, "我们去吃面条,好吗?", { mentions: [annCalls.user] });
  await cleoCalls.send(id, "نودلز، noodles من فضلك");
  await bobCalls.send(id, "the long ones", { thread: 1 });
  await annCalls.call("PUT", `${group}/pins/1`);
  await annCalls.call("PATCH", group, { join: "asked", topic: `Where we eat. ${long}` });
  const stranger = await signUp(TIDINGS_URL, "dan", "Dan");
  await stranger.call("POST", `${group}/join`, { note: "I work next door." });
  await stranger.call("PUT", `/v1/contacts/${annCalls.user}`, { note: "We met at lunch." });
  await annCalls.call("PUT", `/v1/contacts/${bobCalls.user}`, {});
  await annCalls.call("POST", `${group}/links`, { max_uses: 5, expires_in: "7d" });
  await annCalls.call("PUT", `${group}/silences/${bobCalls.user}`, { reason: "Too loud." });
  const send_at = new Date(Date.now() + 3_600_000).toISOString();
  await annCalls.send(id, "noodles tomorrow", { send_at });
  await until("the message is found", async () =>
    (await annCalls.get("/v1/search?q=noodles")).total === 2,
  );
}

async function lookAt(window, name, options) {
  for (const [panel, place] of places) {
    await window.show(panel, place);
    await window.page.waitForFunction(() => !document.querySelector(".panel [aria-busy=true]"));
    const picture = [panel, ...Object.keys(place).filter((key) => key === "query"), name].join("-");
    await window.page.screenshot({ path: join(ARTEFACTS, `panels-${picture}.png`) });
    const wide = await window.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert(wide <= 0, `${picture}: the page scrolls sideways by ${wide} px`);
    const cut = await findCutTexts(window);
    assert.deepEqual(cut, [], `${picture}: texts run out of the panel`);
    if (options.axe) assert.deepEqual(await findAxeFaults(window.page, ".panel"), [], picture);
  }
}

/** Elements whose edges lie outside of the panel. */
function findCutTexts({ panel }) {
  return panel.evaluate((element) => {
    const frame = element.getBoundingClientRect();
    return [...element.querySelectorAll("button, input, select, p, h3, li")]
      .filter((each) => {
        const { left, right, width } = each.getBoundingClientRect();
        const isHidden = width <= 1 || each.closest("[hidden], .hidden-label") !== null;
        return !isHidden && (left < frame.left - 1 || right > frame.right + 1);
      })
      .map((each) => each.outerHTML.slice(0, 120));
  });
}

await runParts("panels_looks", async ({ open }) => {
  await prepare();
  const sized = (width, more = {}) => ({ viewport: { width, height: 780 }, ...more });
  return [
    async function desktop() {
      await lookAt(await open(annCalls, sized(WIDTHS.desktop)), "desktop", {});
    },
    async function desktopInTheDark() {
      const options = sized(WIDTHS.desktop, { colorScheme: "dark", locale: "zh-CN" });
      await lookAt(await open(annCalls, options), "dark", { axe: true });
    },
    async function tablet() {
      await lookAt(await open(annCalls, sized(WIDTHS.tablet)), "tablet", {});
    },
    async function phone() {
      const options = sized(WIDTHS.phone, { hasTouch: true, isMobile: true });
      await lookAt(await open(annCalls, options), "phone", { axe: true });
    },
    async function rightToLeft() {
      const window = await open(annCalls, sized(WIDTHS.desktop));
      await window.page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
      await lookAt(window, "rtl", {});
    },
    async function thePast() {
      const window = await open(rootCalls, sized(WIDTHS.phone, { hasTouch: true }));
      await window.show("as-of", { user: annCalls.user });
      await window.reads("Then");
      await window.isAccessible("the past on a phone");
      await window.page.screenshot({ path: join(ARTEFACTS, "panels-as-of-phone.png") });
    },
  ];
});
