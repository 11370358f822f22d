// What a conversation is, and the way to everything that can be done with it.
import type { Conversation, ConversationMore } from "@tidings/client";
import { useState } from "preact/hooks";
import { ConfirmDialog } from "../../../shared/dialog.tsx";
import type { IconName } from "../../../shared/icon.tsx";
import { locale } from "../../../shared/language.ts";
import { showToast } from "../../../shared/toast.tsx";
import { ConversationAvatar, useTitle } from "../../names.tsx";
import { useSelect } from "../../session.ts";
import { formatMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { Frame } from "../parts/frame.tsx";
import { Failed, LinkRow } from "../parts/list.tsx";
import { useAct } from "../parts/loading.ts";
import type { PanelName } from "../registry.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";
import { usePlace } from "./conversation.ts";
import { useRequestCount } from "./requests_page.tsx";

export function GroupPage({ conversation: id }: { conversation: string }) {
  const { conversation, details, leads, error, reload } = usePlace(id);
  if (conversation === undefined) {
    return (
      <Frame>
        {error === null ? (
          <p class="panel-empty">{common("loading")}</p>
        ) : (
          <Failed error={error} retry={reload} />
        )}
      </Frame>
    );
  }
  return (
    <Frame>
      <Head conversation={conversation} details={details} />
      <Links conversation={conversation} leads={leads} />
      <Ends conversation={conversation} />
    </Frame>
  );
}

interface HeadProps {
  conversation: Conversation;
  details: ConversationMore | null;
}

function Head({ conversation, details }: HeadProps) {
  const title = useTitle(conversation);
  const isGroup = conversation.kind === "group";
  return (
    <div class="person-head">
      <ConversationAvatar conversation={conversation} size={84} />
      <p class="person-name" dir="auto">
        {title}
      </p>
      {isGroup && (
        <p class="soft">
          {common("members", { count: conversation.memberCount })} ·{" "}
          <bdi>{conversation.id}</bdi>
        </p>
      )}
      {details !== null && (
        <>
          {isGroup && <span class="panel-tag">{t(details.role)}</span>}
          {details.policy.topic && (
            <p class="person-about" dir="auto">
              {details.policy.topic}
            </p>
          )}
          <p class="soft">
            {t("created_at", { date: formatMoment(details.createdAt, locale()) })}
          </p>
        </>
      )}
    </div>
  );
}

function Links({ conversation, leads }: { conversation: Conversation; leads: boolean }) {
  const host = useHost();
  const place = { conversation: conversation.id };
  const row = (icon: IconName, label: string, name: PanelName, note?: string) => (
    <LinkRow icon={icon} label={label} note={note} open={() => host.open(name, place)} />
  );
  const isGroup = conversation.kind === "group";
  const count = conversation.memberCount.toLocaleString(locale());
  const unread = conversation.unread.toLocaleString(locale());
  return (
    <ul class="panel-links">
      {isGroup && row("group", t("members"), "members", count)}
      {conversation.peer !== null && <PeerRow user={conversation.peer} />}
      {row("search", t("searchHere"), "search")}
      {row("pin", t("pins"), "pins")}
      {row("explain", t("explain"), "explain", conversation.unread > 0 ? unread : undefined)}
      {isGroup && row("settings", t("policies"), "policies")}
      {isGroup && leads && row("link", t("links"), "links")}
      {isGroup && leads && <RequestsRow id={conversation.id} />}
      {isGroup && leads && row("shield", t("sanctions"), "sanctions")}
    </ul>
  );
}

function PeerRow({ user }: { user: string }) {
  const host = useHost();
  const name = useSelect((state) => state.people.get(user)?.display_name ?? user);
  return (
    <LinkRow
      icon="person"
      label={t("profileOf", { name })}
      open={() => host.open("person", { user })}
    />
  );
}

function RequestsRow({ id }: { id: string }) {
  const host = useHost();
  const count = useRequestCount(id);
  return (
    <LinkRow
      icon="bell"
      label={t("requests")}
      note={count > 0 ? String(count) : undefined}
      open={() => host.open("requests", { conversation: id })}
    />
  );
}

/** What ends something for the user. */
function Ends({ conversation }: { conversation: Conversation }) {
  const host = useHost();
  const { client } = host;
  const title = useTitle(conversation);
  const { id, kind } = conversation;
  const head = useSelect((state) => state.timelines.get(id)?.headSeq ?? 0);
  const newest = Math.max(head, conversation.lastMessage?.seq ?? 0);
  const [asking, setAsking] = useState<"clear" | "leave" | null>(null);
  const { act } = useAct();
  const leave = async () => {
    await client.conversations.leave(id);
    showToast(t("left", { title }));
    host.close();
  };
  return (
    <>
      <ul class="panel-links">
        {newest > 0 && (
          <LinkRow icon="delete" label={t("clear")} open={() => setAsking("clear")} danger />
        )}
        {kind === "group" && (
          <LinkRow icon="sign-out" label={t("leave")} open={() => setAsking("leave")} danger />
        )}
      </ul>
      {asking !== null && (
        <ConfirmDialog
          title={t(asking)}
          text={t(asking === "clear" ? "clearText" : "leaveText")}
          action={t(asking)}
          danger
          confirm={() =>
            void (asking === "clear"
              ? act(() => client.conversations.clear(id, newest), t("cleared"))
              : act(leave))
          }
          close={() => setAsking(null)}
        />
      )}
    </>
  );
}
