// A small company that talks: what screenshots and checks of accessibility look at.
import { signUp } from "./api.mjs";

/** Its people have ids of their own, or end with the same text, so that their colours are the same. */
export async function makeCompany(url, ending) {
  const ann = await signUp(url, "ann", "Ann Carter", ending);
  const bob = await signUp(url, "bob", "Bob Okafor", ending);
  const li = await signUp(url, "li", "李明", ending);
  const yui = await signUp(url, "yui", "佐藤 結衣", ending);
  const omar = await signUp(url, "omar", "عمر حداد", ending);
  const others = [bob, li, yui, omar].map((person) => person.user);
  const site = `site-${ending ?? Date.now()}`;
  await ann.createGroup(site, "Launch of the new site", others);
  await ann.createGroup(`${site}-design`, "Design", [bob.user]);
  await ann.createGroup(`${site}-hike`, "周末爬山", [li.user]);
  await li.send(`${site}-hike`, "天气预报说周六晴天 ☀️");
  await ann.call("PATCH", `/v1/conversations/${site}`, { topic: "Everything for Thursday" });
  await talkOfTheSite(site, { ann, bob, li, yui, omar });
  await talkDirectly({ ann, bob, li });
  await ann.call("PATCH", `/v1/conversations/${site}/preferences`, { pinned: true });
  await ann.call("PATCH", `/v1/conversations/${site}-design/preferences`, { muted: true });
  return { ann, bob, site };
}

async function talkOfTheSite(site, { ann, bob, li, yui, omar }) {
  const path = `/v1/conversations/${site}`;
  await bob.send(site, "Morning! The copy for the pricing page is ready for review.");
  await ann.send(site, "I will look at it after lunch.");
  await bob.send(site, "Thanks. Two screenshots are missing, Li has them.");
  await li.send(site, `@${ann.user} 截图已经上传了，请看一下。`, { mentions: [ann.user] });
  await omar.send(site, "صباح الخير، سأراجع النسخة العربية اليوم.");
  const fine = await yui.send(site, "了解しました。午後までに確認します。");
  await ann.call("PUT", `${path}/messages/${fine.seq}/reactions/${encodeURIComponent("👍")}`);
  await bob.call("PUT", `${path}/messages/${fine.seq}/reactions/${encodeURIComponent("🎉")}`);
  await bob.send(site, "Ship it on Thursday?", { reply_to: fine.seq });
  const root = await ann.send(site, "Thursday works for me. Who writes the announcement?");
  await bob.send(site, "I can.", { thread: root.seq });
  await li.send(site, "我来翻译。", { thread: root.seq });
  await ann.call("PUT", `${path}/pins/${root.seq}`);
  const long =
    "We announce on Thursday at ten, and the newsletter goes out an hour later, so that " +
    "support is ready for questions. Details: https://example.com/launch?week=46";
  const plan = await bob.send(site, `The plan: ${long}`);
  await bob.call("PUT", `${path}/messages/${plan.seq}`, { body: { text: long } });
  const wrong = await bob.send(site, "wrong chat");
  await bob.call("DELETE", `${path}/messages/${wrong.seq}`);
  await yui.send(site, "🎉🎉");
}

async function talkDirectly({ ann, bob, li }) {
  const direct = await bob.createDirect(ann.user);
  await bob.send(direct, "Did you see the numbers from yesterday?");
  await ann.send(direct, "Yes! Best Friday since March.");
  await bob.send(direct, "One more thing: lunch?");
  const other = await li.createDirect(ann.user);
  await li.send(other, "早上好！今天下午三点开会。");
}
