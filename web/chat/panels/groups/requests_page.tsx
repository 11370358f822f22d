// Who asks to join a group.
import { useName } from "../../names.tsx";
import type { Schemas } from "../calls.ts";
import { useArrivals, useHost } from "../host.ts";
import { Frame } from "../parts/frame.tsx";
import { PagedList } from "../parts/list.tsx";
import { useAct, usePages } from "../parts/loading.ts";
import { PersonRow, quote } from "../people/person.tsx";
import { t } from "../texts/groups.ts";

type Request = Schemas["PendingJoinRequest"];

export function RequestsPage({ conversation: id }: { conversation: string }) {
  const requests = useRequests(id);
  return (
    <Frame>
      <PagedList
        pages={requests}
        label={t("requests")}
        empty={t("noRequests")}
        draw={(request) => (
          <RequestRow key={request.user} id={id} request={request} reload={requests.reload} />
        )}
      />
    </Frame>
  );
}

function useRequests(id: string) {
  const { api, calls } = useHost();
  const requests = usePages(async (after) => {
    const params = { path: { id }, query: { after, ...calls.since } };
    const path = "/v1/conversations/{id}/join-requests";
    const page = await calls.ask(api.GET(path, { params }));
    return { rows: page.requests, next: page.next };
  }, id);
  useArrivals(requests.reload);
  return requests;
}

export function useRequestCount(id: string): number {
  return useRequests(id).rows.length;
}

interface RequestRowProps {
  id: string;
  request: Request;
  reload: () => void;
}

function RequestRow({ id, request: { user, note }, reload }: RequestRowProps) {
  const { api, calls } = useHost();
  const name = useName(user);
  const { isBusy, act } = useAct();
  const params = { path: { id, user } };
  const path = "/v1/conversations/{id}/join-requests/{user}";
  const admit = async () => {
    await calls.ask(api.PUT(path, { params }));
    reload();
  };
  const decline = async () => {
    await calls.ask(api.DELETE(path, { params }));
    reload();
  };
  return (
    <PersonRow
      user={user}
      note={quote(note)}
      actions={
        <>
          <button
            type="button"
            class="button primary"
            aria-label={t("admitOf", { name })}
            disabled={isBusy}
            onClick={() => act(admit, t("admitted", { name }))}
          >
            {t("admit")}
          </button>
          <button
            type="button"
            class="button"
            aria-label={t("declineRequestOf", { name })}
            disabled={isBusy}
            onClick={() => act(decline, t("declined"))}
          >
            {t("decline")}
          </button>
        </>
      }
    />
  );
}
