// Time travel: the inbox of a user as of a moment, beside the one of now.
import { useEffect, useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useAnswer } from "../data/answers.ts";
import { author, NO_FILTER, shortType, summarise } from "../data/events.ts";
import { readFlow } from "../data/flow.ts";
import { useWatched } from "../data/monitor.ts";
import { useSession } from "../data/session.ts";
import { formatNumber, fromLocalField, toLocalField } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Card, Page } from "../parts/layout.tsx";
import { Time, UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/past.ts";
import { ComparedInbox } from "./past_inbox.tsx";
import { ComparedMessages } from "./past_messages.tsx";

/** The slider waits so long for the hand to rest. */
const REST_MS = 180;

type Moment = { user: string; asOf: string; conversation: string };

export function PastPage({ route: { query } }: PageProps) {
  const moment: Moment = {
    user: query.get("user") ?? "",
    asOf: query.get("as_of") ?? "",
    conversation: query.get("conversation") ?? "",
  };
  const isChosen = moment.user !== "" && moment.asOf !== "";
  return (
    <Page title={t("title")} intro={t("intro")}>
      <MomentForm key={`${moment.user} ${moment.asOf}`} moment={moment} />
      {!isChosen && <p class="empty">{t("chooseUser")}</p>}
      {isChosen && <Slider moment={moment} />}
      {isChosen && moment.conversation === "" && (
        <ComparedInbox user={moment.user} asOf={moment.asOf} />
      )}
      {isChosen && moment.conversation !== "" && <ComparedMessages {...moment} />}
    </Page>
  );
}

function go({ user, asOf, conversation }: Moment): void {
  location.hash = linkTo(["past"], { user, as_of: asOf, conversation });
}

function isPosition(asOf: string): boolean {
  return /^\d+$/.test(asOf);
}

function useHead(): number {
  return readFlow(useWatched())[0]?.position ?? 0;
}

function MomentForm({ moment }: { moment: Moment }) {
  const head = useHead();
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "").trim();
    const asOf = fromLocalField(field("time")) || field("position") || String(head);
    go({ user: field("user"), asOf, conversation: "" });
  };
  const time = isPosition(moment.asOf) || moment.asOf === "" ? null : new Date(moment.asOf);
  return (
    <Card>
      <form class="filters" onSubmit={onSubmit}>
        <Field label={t("user")}>
          <input
            class="input"
            name="user"
            required
            autocapitalize="none"
            spellcheck={false}
            defaultValue={moment.user}
          />
        </Field>
        <Field label={t("position")}>
          <input
            class="input"
            name="position"
            type="number"
            min="1"
            step="1"
            placeholder={String(head)}
            defaultValue={time === null ? moment.asOf : ""}
          />
        </Field>
        <Field label={t("time")}>
          <input
            class="input"
            name="time"
            type="datetime-local"
            step="1"
            defaultValue={time === null ? "" : toLocalField(time)}
          />
        </Field>
        <div class="form-row">
          <button class="button primary">{t("show")}</button>
        </div>
      </form>
    </Card>
  );
}

function Slider({ moment }: { moment: Moment }) {
  const head = useHead();
  const [position, setPosition] = useState(Number(moment.asOf));
  useEffect(() => setPosition(Number(moment.asOf)), [moment.asOf]);
  useEffect(() => {
    if (!isPosition(moment.asOf) || position === Number(moment.asOf)) return;
    const timer = setTimeout(() => go({ ...moment, asOf: String(position) }), REST_MS);
    return () => clearTimeout(timer);
  }, [position]);
  if (!isPosition(moment.asOf)) return null;
  const last = Math.max(head, position, 1);
  return (
    <Card>
      <div class="slider">
        <button
          type="button"
          class="button"
          aria-label={t("earlier")}
          disabled={position <= 1}
          onClick={() => setPosition(position - 1)}
        >
          −
        </button>
        <input
          type="range"
          min={1}
          max={last}
          value={position}
          aria-label={t("slider")}
          onInput={(event) => setPosition(Number(event.currentTarget.value))}
        />
        <button
          type="button"
          class="button"
          aria-label={t("later")}
          disabled={position >= last}
          onClick={() => setPosition(position + 1)}
        >
          +
        </button>
      </div>
      <EventThen position={Number(moment.asOf)} />
    </Card>
  );
}

function EventThen({ position }: { position: number }) {
  const session = useSession();
  const found = useAnswer(
    async () => (await session.readEvents(NO_FILTER, position - 1, position, 1)).events,
    [session, position],
    { keep: true },
  );
  const event = found.value?.[0];
  return (
    <p class="event-then" role="status">
      <strong>{t("atEvent", { position: formatNumber(position) })}</strong>
      {event && (
        <>
          <Time at={event.time} />
          <code>{shortType(event.type)}</code>
          <UserLink id={author(event)} />
          <span class="clipped" dir="auto">
            {summarise(event)}
          </span>
        </>
      )}
    </p>
  );
}
