// Rules about what may be written: word lists, links, the hook, floods.
import { Page } from "../parts/layout.tsx";
import { t } from "../texts/rules.ts";
import { FloodRules } from "./rules_flood.tsx";
import { Hook } from "./rules_hook.tsx";
import { LinkRules } from "./rules_links.tsx";
import { WordLists } from "./rules_lists.tsx";

export function RulesPage() {
  return (
    <Page title={t("title")} intro={t("intro")}>
      <WordLists />
      <FloodRules />
      <div class="columns">
        <LinkRules />
        <Hook />
      </div>
    </Page>
  );
}
