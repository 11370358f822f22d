// How to search, with examples that can be tried.
import { useSelect } from "../../session.ts";
import { t } from "../texts/search.ts";
import { quoteValue } from "./query.ts";

export function SearchHelp({ choose }: { choose: (query: string) => void }) {
  const first = useSelect((state) => state.inbox.order[0]);
  const examples: [query: string, meaning: string][] = [
    ['"see you soon"', t("helpPhrase")],
    ["lunch -noodles", t("helpNot")],
    ["red OR blue", t("helpOr")],
    ["meet*", t("helpPrefix")],
    ["from:me", t("helpFrom")],
    [`in:${quoteValue(first ?? "lunch")}`, t("helpIn")],
    ["type:image", t("helpType")],
    ["has:link", t("helpHas")],
    ["mentions:me", t("helpMentions")],
    [`before:${new Date().toISOString().slice(0, 10)}`, t("helpDays")],
  ];
  return (
    <div class="search-help">
      <p class="soft">{t("begin")}</p>
      <h3>{t("help")}</h3>
      <ul>
        {examples.map(([query, meaning]) => (
          <li key={query}>
            <button
              type="button"
              class="search-example"
              aria-label={`${t("try")} ${query}`}
              onClick={() => choose(`${query} `)}
            >
              <code dir="ltr">{query}</code>
            </button>
            <span class="soft">{meaning}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
