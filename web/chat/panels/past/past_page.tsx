// An inbox as of any past moment, beside the same inbox now. For administrators.
import { useEffect, useState } from "preact/hooks";
import { useHost } from "../host.ts";
import { Frame } from "../parts/frame.tsx";
import { WhenLoaded } from "../parts/list.tsx";
import { useLoaded } from "../parts/loading.ts";
import { useAdminSearch } from "../people/admin_search.ts";
import { PeoplePicker } from "../people/picker.tsx";
import { t } from "../texts/past.ts";
import { ComparedInboxes } from "./compared_inboxes.tsx";
import { MomentChooser } from "./moment_chooser.tsx";
import type { Span } from "./moments.ts";
import { loadInbox, type Moment, type PastInbox } from "./past_calls.ts";

export function PastPage({ user: asked }: { user?: string | undefined }) {
  const { isAdmin, me } = useHost();
  const find = useAdminSearch();
  const [chosen, setChosen] = useState([asked ?? me]);
  const [user] = chosen;
  if (!isAdmin) {
    return (
      <Frame class="past">
        <p class="notice">{t("adminsOnly")}</p>
      </Frame>
    );
  }
  return (
    <Frame class="past">
      <p class="panel-hint">{t("hint")}</p>
      <PeoplePicker
        label={t("whose")}
        chosen={chosen}
        change={setChosen}
        most={1}
        withSelf
        find={find}
      />
      {user === undefined ? (
        <p class="panel-empty">{t("chooseUser")}</p>
      ) : (
        <PastOf key={user} user={user} />
      )}
    </Frame>
  );
}

/** From when the log first named the user until now. */
function PastOf({ user }: { user: string }) {
  const { api, calls } = useHost();
  const span = useLoaded<Span>(async () => {
    const params = { path: { user }, query: { limit: 1 } };
    const { created_at } = await calls.ask(api.GET("/v1/admin/users/{user}", { params }));
    const now = Date.now();
    const from = created_at === null ? now : Date.parse(created_at);
    // The clock of this machine may be behind that of the server.
    return { from, to: Math.max(now, from) };
  }, user);
  return (
    <WhenLoaded loaded={span}>
      {(known) => <Comparison user={user} span={known} />}
    </WhenLoaded>
  );
}

function Comparison({ user, span }: { user: string; span: Span }) {
  const host = useHost();
  const [moment, setMoment] = useState<Moment>({ time: span.to });
  const [settled, setSettled] = useState(moment);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(moment), 120);
    return () => clearTimeout(timer);
  }, [moment]);
  const isNow = settled.time >= span.to && !("position" in settled);
  const asked = isNow ? null : settled;
  const key = JSON.stringify([user, asked]);
  const then = useLoaded<PastInbox>(() => loadInbox(host.api, user, asked), key);
  const now = useLoaded<PastInbox>(() => loadInbox(host.api, user, null), user);
  const [last, setLast] = useState<PastInbox | null>(null);
  useEffect(() => {
    // While the slider moves, the last answer stays on the screen.
    if (then.data !== null) setLast(then.data);
  }, [then.data]);
  const shown = then.data ?? last;
  return (
    <>
      <MomentChooser
        user={user}
        span={span}
        moment={moment}
        change={setMoment}
        then={shown}
        now={now.data}
      />
      <ComparedInboxes user={user} then={{ ...then, data: shown }} now={now} />
    </>
  );
}
