import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatAgo,
  formatDuration,
  fromLocalInput,
  listTimeZones,
  toLocalInput,
} from "../../chat/panels/forms/times.ts";
import {
  checkDisplayName,
  checkGroupId,
  checkLength,
  checkLocale,
  checkPicture,
  checkWholeNumber,
  countPoints,
  LIMITS,
  readLinkCode,
} from "../../chat/panels/forms/validation.ts";

test("lengths count code points as the server does", () => {
  assert.equal(countPoints("👍🏽é"), 3);
  assert.equal(checkLength("😀".repeat(64), LIMITS.displayName), null);
  assert.equal(checkLength("😀".repeat(65), LIMITS.displayName), "too_long");
  assert.equal(checkLength("short", LIMITS.password), "too_short");
  assert.equal(checkLength("", LIMITS.password), "required");
});

test("a display name must be visible", () => {
  assert.equal(checkDisplayName("Ann"), null);
  assert.equal(checkDisplayName(""), null);
  assert.equal(checkDisplayName(" \u200b\u2800"), "invisible");
});

test("pictures, locales, ids and numbers", () => {
  assert.equal(checkPicture("https://pictures.example/a.png"), null);
  assert.equal(checkPicture("http://pictures.example/a.png"), "not_https");
  assert.equal(checkPicture("javascript:alert(1)"), "not_https");
  assert.equal(checkLocale("zh-Hans-CN"), null);
  assert.equal(checkLocale("not a locale"), "not_a_locale");
  assert.equal(checkGroupId("lunch.2026"), null);
  assert.equal(checkGroupId("d_lunch"), "not_an_id");
  assert.equal(checkGroupId("l unch"), "not_an_id");
  assert.equal(checkWholeNumber("30", LIMITS.retentionDays), null);
  assert.equal(checkWholeNumber("3651", LIMITS.retentionDays), "too_long");
  assert.equal(checkWholeNumber("1.5", LIMITS.retentionDays), "not_a_number");
  assert.equal(checkWholeNumber("0", LIMITS.retentionDays), "too_short");
});

test("a link is its code, or an address that ends with it", () => {
  assert.equal(readLinkCode(" 5f3a.lunch "), "5f3a.lunch");
  assert.equal(readLinkCode("https://chat.example/#/link/5f3a.lunch"), "5f3a.lunch");
  assert.equal(readLinkCode("https://chat.example/?link=5f3a.lunch"), "5f3a.lunch");
});

test("durations and distances are in the language of the reader", () => {
  assert.equal(formatDuration(90, "en"), "90 seconds");
  assert.equal(formatDuration(3600, "en"), "1 hour");
  assert.equal(formatDuration(0, "en"), "0 seconds");
  assert.equal(formatDuration(172_800, "zh"), "2天");
  const now = Date.parse("2026-11-29T12:00:00Z");
  assert.equal(formatAgo("2026-11-29T09:00:00Z", now, "en"), "3 hours ago");
  assert.equal(formatAgo("2026-11-28T11:00:00Z", now, "en"), "yesterday");
  assert.equal(formatAgo("2026-11-29T11:59:59.900Z", now, "en"), "now");
});

test("local times go to an input and back", () => {
  const time = Date.parse("2026-11-29T12:34:00Z");
  assert.equal(fromLocalInput(toLocalInput(time)), "2026-11-29T12:34:00.000Z");
  assert.equal(fromLocalInput(toLocalInput(time + 5000, true)), "2026-11-29T12:34:05.000Z");
  assert.equal(fromLocalInput(""), null);
  assert.equal(fromLocalInput("soon"), null);
});

test("time zones include the one that is set", () => {
  const zones = listTimeZones("Mars/Olympus");
  assert(zones.includes("Asia/Shanghai") && zones.includes("UTC"));
  assert(zones.includes("Mars/Olympus"));
});
