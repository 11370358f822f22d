// The session of a conversation with a desk: for agents with the customer, notes and tags.
import type { ServiceSession, ServiceSessionDetail } from "@tidings/client";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { locale } from "../../../shared/language.ts";
import { describeState, useAgentName, useServiceSession } from "../../desks/sessions.ts";
import { t } from "../../desks/texts.ts";
import { UserAvatar, UserName, useName } from "../../names.tsx";
import { useSelect } from "../../session.ts";
import { formatMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { TextField } from "../parts/fields.tsx";
import { Frame, Section } from "../parts/frame.tsx";
import { LinkRow, WhenLoaded } from "../parts/list.tsx";
import { type Loaded, useAct, useLoaded } from "../parts/loading.ts";
import "../../desks/desks.css";

const MOST_NOTE_CHARACTERS = 2_000;

export function SessionPage({ conversation }: { conversation: string }) {
  const session = useServiceSession(conversation);
  return (
    <Frame>
      {session === undefined ? (
        <p class="panel-empty">{t("noSession")}</p>
      ) : (
        <SessionDetails key={session.id} session={session} />
      )}
    </Frame>
  );
}

function SessionDetails({ session }: { session: ServiceSession }) {
  const { client, me } = useHost();
  const isAgent = session.customer !== me;
  // Its state, its agent and its tags are part of the list that the client keeps up to date.
  const key = `${session.id} ${session.agent} ${session.state}`;
  const loaded = useLoaded(() => client.desks.load(session.id), key);
  return (
    <>
      {isAgent && <Customer session={session} />}
      <Section title={t("facts")}>
        <Facts session={session} />
      </Section>
      <WhenLoaded loaded={loaded}>
        {(detail) => (
          <>
            <AppFields custom={detail.custom} />
            {isAgent && <Notes detail={detail} loaded={loaded} />}
            {isAgent && <Tags detail={detail} reload={loaded.reload} />}
          </>
        )}
      </WhenLoaded>
    </>
  );
}

function Customer({ session: { customer, conversation_id: conversation } }: {
  session: ServiceSession;
}) {
  const { open } = useHost();
  const about = useSelect((state) => state.people.get(customer)?.about);
  return (
    <Section title={t("customer")}>
      <div class="person-head">
        <UserAvatar user={customer} size={64} presence />
        <p class="person-name" dir="auto">
          <UserName user={customer} />
        </p>
        {about && (
          <p class="person-about" dir="auto">
            {about}
          </p>
        )}
      </div>
      <ul class="panel-links">
        <LinkRow
          icon="person"
          label={t("profile")}
          open={() => open("person", { user: customer, conversation })}
        />
      </ul>
    </Section>
  );
}

function Facts({ session }: { session: ServiceSession }) {
  const { me } = useHost();
  const agent = useAgentName(session);
  const title = useSelect(
    (state) => state.desks.items.find((desk) => desk.id === session.desk)?.title,
  );
  const time = (at: string | null) => at !== null && formatMoment(at, locale());
  return (
    <dl class="session-facts">
      <Fact name={t("desk")}>{title ?? session.desk}</Fact>
      <Fact name={t("session")}>{describeState(session, me, agent)}</Fact>
      <Fact name={t("agent")}>{session.agent === null ? t("nobody") : agent}</Fact>
      <Fact name={t("openedAt")}>{time(session.opened_at)}</Fact>
      <Fact name={t("acceptedAt")}>{time(session.accepted_at)}</Fact>
      <Fact name={t("closedAt")}>{time(session.closed_at)}</Fact>
      <Fact name={t("closedBy")}>{session.closed_by && <UserName user={session.closed_by} />}</Fact>
      <Fact name={t("reason")}>{session.reason}</Fact>
      <Fact name={t("rating")}>
        {session.rating !== null && t("ofFive", { count: session.rating })}
      </Fact>
      <Fact name={t("rateText")}>{session.rating_text}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (children == null || children === false || children === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}

/** What the app of the customer said about the session. */
function AppFields({ custom }: Pick<ServiceSessionDetail, "custom">) {
  const fields = Object.entries((custom ?? {}) as Record<string, unknown>);
  if (fields.length === 0) return null;
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return (
    <Section title={t("fromApp")}>
      <dl class="session-facts">
        {fields.map(([name, value]) => (
          <Fact key={name} name={name}>
            {text(value)}
          </Fact>
        ))}
      </dl>
    </Section>
  );
}

interface NotesProps {
  detail: ServiceSessionDetail;
  loaded: Loaded<ServiceSessionDetail>;
}

function Notes({ detail, loaded }: NotesProps) {
  const { client } = useHost();
  const [text, setText] = useState("");
  const { isBusy, act } = useAct();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // Who has a keyboard came here to write one.
    if (matchMedia("(pointer: fine)").matches) form.current?.querySelector("textarea")?.focus();
  }, []);
  const add = async () => {
    await client.desks.note(detail.id, text.trim());
    setText("");
    loaded.reload();
  };
  return (
    <Section title={t("notes")} hint={t("notesHint")}>
      {(detail.notes ?? []).length === 0 && <p class="panel-empty">{t("noNotes")}</p>}
      <ul class="session-notes">
        {(detail.notes ?? []).map((note) => (
          <Note key={`${note.at} ${note.by}`} {...note} />
        ))}
      </ul>
      <form
        ref={form}
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act(add, t("noteAdded"));
        }}
      >
        <TextField
          label={t("newNote")}
          value={text}
          change={setText}
          rows={3}
          max={MOST_NOTE_CHARACTERS}
        />
        <button class="button" disabled={isBusy || text.trim() === ""}>
          {t("addNote")}
        </button>
      </form>
    </Section>
  );
}

function Note({ by, at, text }: NonNullable<ServiceSessionDetail["notes"]>[number]) {
  const name = useName(by);
  return (
    <li>
      <p dir="auto" class={text === null ? "soft" : ""}>
        {text ?? t("noteErased")}
      </p>
      <small>{t("noteBy", { name, time: formatMoment(at, locale()) })}</small>
    </li>
  );
}

function Tags({ detail, reload }: { detail: ServiceSessionDetail; reload: () => void }) {
  const { client } = useHost();
  const before = (detail.tags ?? []).join(", ");
  const [text, setText] = useState(before);
  const { isBusy, act } = useAct();
  const save = async () => {
    const tags = text.split(/[,，]/).map((tag) => tag.trim()).filter((tag) => tag !== "");
    await client.desks.tag(detail.id, [...new Set(tags)]);
    reload();
  };
  return (
    <Section title={t("tags")}>
      <form
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act(save, t("tagsSaved"));
        }}
      >
        <TextField label={t("tags")} hint={t("tagsHint")} value={text} change={setText} />
        <button class="button" disabled={isBusy || text === before}>
          {t("saveTags")}
        </button>
      </form>
    </Section>
  );
}
