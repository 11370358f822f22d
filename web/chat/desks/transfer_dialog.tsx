// Hands a session over: to another agent of the desk, or to another desk.
import type { ServiceSession } from "@tidings/client";
import { unwrap } from "@tidings/client";
import { useEffect, useId, useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { showError, showToast } from "../../shared/toast.tsx";
import { useNames } from "../names.tsx";
import { useSelect, useSession } from "../session.ts";
import { t } from "./texts.ts";

const MOST_CHARACTERS = 2_000;

export function TransferDialog({ session, close }: { session: ServiceSession; close: () => void }) {
  const { client } = useSession();
  const form = useId();
  const agents = useOtherAgents(session);
  const nameOf = useNames(agents ?? []);
  const all = useSelect((state) => state.desks.items);
  const desks = all.filter((desk) => desk.id !== session.desk);
  const [isBusy, setBusy] = useState(false);
  const isNobody = agents !== null && agents.length + desks.length === 0;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.target as HTMLFormElement);
    const [kind, ...id] = String(fields.get("to")).split("/");
    const to = kind === "desk" ? { desk: id.join("/") } : { agent: id.join("/") };
    const note = String(fields.get("note")).trim();
    setBusy(true);
    try {
      await client.desks.transfer(session.id, to, note === "" ? undefined : note);
      showToast(t("transferred"));
      close();
    } catch (error) {
      showError(error);
      setBusy(false);
    }
  };
  const actions = (
    <button class="button primary" form={form} disabled={isBusy || agents === null || isNobody}>
      {t("transfer")}
    </button>
  );
  return (
    <Dialog title={t("transferTitle")} close={close} actions={actions}>
      <form id={form} class="dialog-form" onSubmit={submit}>
        {isNobody ? (
          <p class="soft">{t("nobodyElse")}</p>
        ) : (
          <Field label={t("transferTo")}>
            <select class="input" name="to" required>
              {(agents ?? []).map((agent) => (
                <option key={agent} value={`agent/${agent}`}>
                  {nameOf(agent)}
                </option>
              ))}
              {desks.map((desk) => (
                <option key={desk.id} value={`desk/${desk.id}`}>
                  {t("toDesk", { title: desk.title })}
                </option>
              ))}
            </select>
          </Field>
        )}
        <Field label={t("transferNote")}>
          <textarea class="input" name="note" rows={3} dir="auto" maxLength={MOST_CHARACTERS} />
        </Field>
      </form>
    </Dialog>
  );
}

/** The agents of the desk except for that of the session; null before they are loaded. */
function useOtherAgents({ desk, agent }: ServiceSession): string[] | null {
  const { api } = useSession();
  const [agents, setAgents] = useState<string[] | null>(null);
  useEffect(() => {
    api
      .GET("/v1/admin/desks/{desk}", { params: { path: { desk } } })
      .then((answer) => setAgents(unwrap(answer).agents.filter((other) => other !== agent)))
      .catch(showError);
  }, [desk]);
  return agents;
}
