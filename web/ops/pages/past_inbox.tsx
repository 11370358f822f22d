// The inbox of then and of now, conversation by conversation.
import { useAnswer } from "../data/answers.ts";
import { compareInboxes, type ComparedConversation } from "../data/compare.ts";
import type { InboxConversation } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber, formatTime } from "../format.ts";
import { Answered } from "../parts/answered.tsx";
import { Card, Pill } from "../parts/layout.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/past.ts";

interface ComparedInboxProps {
  user: string;
  asOf: string;
}

const PAGE = 100;

export function ComparedInbox({ user, asOf }: ComparedInboxProps) {
  const session = useSession();
  const read = async (query: { as_of?: string }) =>
    session.read(
      session.api.GET("/v1/inbox", {
        params: { query: { as_user: user, limit: PAGE, ...query } },
      }),
    );
  const inboxes = useAnswer(
    async () => {
      const [then, now] = await Promise.all([read({ as_of: asOf }), read({})]);
      return { then, now, asOf };
    },
    [session, user, asOf],
    { keep: true },
  );
  return (
    <Answered of={inboxes}>
      {({ then, now, asOf: shown }) => (
        <Card class="compared">
          <div class="compared-row compared-head">
            <h2>{t("thenAt", { moment: describeMoment(shown) })}</h2>
            <h2>{t("now")}</h2>
            <p class="soft">{t("total", { count: then.total_unread })}</p>
            <p class="soft">{t("total", { count: now.total_unread })}</p>
          </div>
          <ul>
            {compareInboxes(then.conversations, now.conversations).map((compared) => (
              <Row key={compared.id} compared={compared} user={user} asOf={asOf} />
            ))}
          </ul>
          {then.conversations.length + now.conversations.length === 0 && (
            <p class="empty">{t("empty")}</p>
          )}
        </Card>
      )}
    </Answered>
  );
}

export function describeMoment(asOf: string): string {
  if (/^\d+$/.test(asOf)) return t("ofEvent", { position: formatNumber(Number(asOf)) });
  return formatTime(asOf);
}

interface RowProps extends ComparedInboxProps {
  compared: ComparedConversation;
}

function Row({ compared: { id, then, now, differences }, user, asOf }: RowProps) {
  const href = linkTo(["past"], { user, as_of: asOf, conversation: id });
  return (
    <li class={`compared-item ${differences.length > 0 ? "different" : ""}`}>
      <div class="compared-title">
        <a dir="auto" href={href}>
          {nameOf((now ?? then)!)}
        </a>
        {differences.length === 0 && <Pill>{t("same")}</Pill>}
        {differences.map((difference) => (
          <Pill key={difference} tone="busy">
            {t(`diff_${difference}`)}
          </Pill>
        ))}
      </div>
      <div class="compared-row">
        <Side label={t("then")} conversation={then} />
        <Side label={t("now")} conversation={now} />
      </div>
    </li>
  );
}

function nameOf({ id, kind, title, peer }: InboxConversation): string {
  if (kind === "direct") return t("direct", { peer: peer ?? id });
  return title ?? id;
}

interface SideProps {
  label: string;
  conversation: InboxConversation | null;
}

function Side({ label, conversation }: SideProps) {
  if (conversation === null) {
    return (
      <p class="compared-side soft">
        <span class="compared-label">{label}</span>
        {t("absent")}
      </p>
    );
  }
  const { unread, mentions, last_message, muted, pinned, archived } = conversation;
  return (
    <div class="compared-side">
      <p>
        <span class="compared-label">{label}</span>
        <Pill tone={unread > 0 ? "warning" : "plain"}>
          {unread > 0 ? t("unread", { count: unread }) : t("read")}
        </Pill>
        {mentions > 0 && <Pill tone="busy">{t("mentions", { count: mentions })}</Pill>}
        {muted && <Pill>{t("muted")}</Pill>}
        {pinned && <Pill>{t("pinned")}</Pill>}
        {archived && <Pill>{t("archived")}</Pill>}
      </p>
      {last_message && (
        <p class="clipped" dir="auto">
          <span class="soft">{last_message.sender}: </span>
          {last_message.recalled ? <em>{t("recalled")}</em> : last_message.preview}
        </p>
      )}
    </div>
  );
}
