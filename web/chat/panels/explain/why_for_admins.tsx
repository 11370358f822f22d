// What only administrators may ask about a message.
import { useState } from "preact/hooks";
import { locale } from "../../../shared/language.ts";
import { useName } from "../../names.tsx";
import type { Schemas } from "../calls.ts";
import { formatExactMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { Section } from "../parts/frame.tsx";
import { WhenLoaded } from "../parts/list.tsx";
import { useLoaded } from "../parts/loading.ts";
import { useAdminSearch } from "../people/admin_search.ts";
import { PeoplePicker } from "../people/picker.tsx";
import { t } from "../texts/explain.ts";

interface AboutMessage {
  id: string;
  seq: number;
}

export function ExplainForOther({ id, seq }: AboutMessage) {
  const [chosen, setChosen] = useState<string[]>([]);
  const find = useAdminSearch();
  const [user] = chosen;
  return (
    <Section title={t("forOther")} hint={t("forOtherHint")}>
      <PeoplePicker
        label={t("person")}
        chosen={chosen}
        change={setChosen}
        most={1}
        withSelf
        find={find}
      />
      {user !== undefined && <Visibility key={user} id={id} seq={seq} user={user} />}
    </Section>
  );
}

function Visibility({ id, seq, user }: AboutMessage & { user: string }) {
  const { api, calls } = useHost();
  const name = useName(user);
  const loaded = useLoaded<Schemas["VisibilityExplanation"]>(
    () =>
      calls.ask(
        api.GET("/v1/admin/conversations/{id}/messages/{seq}/explain", {
          params: { path: { id, seq }, query: { as_user: user, ...calls.since } },
        }),
      ),
    user,
  );
  return (
    <WhenLoaded loaded={loaded}>
      {({ visible, summary, checks }) => (
        <div aria-live="polite">
          <p class={`explain-verdict ${visible ? "yes" : "no"}`}>
            {t(visible ? "sees" : "seesNot", { name })}
          </p>
          <p lang="en">{summary}</p>
          <h4>{t("rules")}</h4>
          <dl class="explain-checks">
            {checks.map(({ rule, outcome, detail }) => (
              <div key={rule} class={outcome}>
                <dt>
                  {known(rule)} <span class="panel-tag">{known(outcome)}</span>
                </dt>
                <dd lang="en">{detail}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </WhenLoaded>
  );
}

const WORDS = [
  "conversation", "message", "membership", "history", "clear", "content", "block",
  "passes", "hides", "withholds", "no_effect",
  "stored", "mirrored", "projected", "indexed", "sealed", "erased",
  "done", "pending", "absent", "parked", "unknown",
] as const;

/** A fixed word of an answer; one that this page does not know stays as it is. */
function known(word: string): string {
  const found = WORDS.find((each) => each === word);
  return found === undefined ? word : t(found);
}

export function Trace({ id, seq }: AboutMessage) {
  const { api, calls } = useHost();
  const loaded = useLoaded<Schemas["MessageTrace"]>(
    () =>
      calls.ask(
        api.GET("/v1/admin/conversations/{id}/messages/{seq}/trace", {
          params: { path: { id, seq } },
        }),
      ),
    `${id}/${seq}`,
  );
  return (
    <Section title={t("trace")}>
      <WhenLoaded loaded={loaded}>
        {({ position, stages }) => (
          <>
            <p class="soft">{t("position", { position })}</p>
            <dl class="explain-checks">
              {stages.map(({ stage, state, at, detail }) => (
                <div key={stage} class={state}>
                  <dt>
                    {known(stage)} <span class="panel-tag">{known(state)}</span>
                  </dt>
                  <dd>
                    {at !== null && <time dateTime={at}>{formatExactMoment(at, locale())}. </time>}
                    <span lang="en">{detail}</span>
                  </dd>
                </div>
              ))}
            </dl>
          </>
        )}
      </WhenLoaded>
    </Section>
  );
}
