// The threads that the user follows, the one with the newest reply first.
import type { FollowedThread } from "@tidings/client";
import { Menu } from "../../../shared/menu.tsx";
import { useName } from "../../names.tsx";
import { useHost } from "../host.ts";
import { useLongList } from "../parts/client_lists.ts";
import { Frame } from "../parts/frame.tsx";
import { PagedList } from "../parts/list.tsx";
import { useAct } from "../parts/loading.ts";
import { MessageRow, useConversationName } from "../parts/message.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/lists.ts";

export function ThreadsPage() {
  const { api, calls } = useHost();
  const threads = useLongList(
    "followedThreads",
    async (after) => {
      const query = { after, ...calls.since };
      const page = await calls.ask(api.GET("/v1/threads", { params: { query } }));
      return { rows: page.threads, next: page.next };
    },
    "threads",
  );
  return (
    <Frame>
      <PagedList
        pages={threads}
        label={t("threads")}
        empty={t("noThreads")}
        draw={(thread) => (
          <ThreadRow key={`${thread.conversation_id}/${thread.root}`} thread={thread} />
        )}
      />
    </Frame>
  );
}

function ThreadRow({ thread }: { thread: FollowedThread }) {
  const { client, session } = useHost();
  const { conversation_id: id, root, replies, unread, message } = thread;
  const place = useConversationName(id);
  const name = useName(message.sender);
  const { act } = useAct();
  const last = replies.last_seq;
  const items = [
    {
      label: t("markRead"),
      disabled: unread === 0 || last === null,
      choose: () => void act(() => client.threads.markRead(id, root, last ?? root)),
    },
    {
      label: t("unfollow"),
      choose: () => void act(() => client.threads.unfollow(id, root), t("unfollowed")),
    },
  ];
  return (
    <MessageRow
      message={message}
      open={() => session.openThread(id, root)}
      place={<bdi>{t("inPlace", { place })}</bdi>}
      note={
        <>
          {t("replies", { count: replies.count })}
          {unread > 0 && <span class="panel-count strong">{t("unread", { count: unread })}</span>}
        </>
      }
      actions={<Menu label={common("more", { name })} items={items} />}
    />
  );
}
