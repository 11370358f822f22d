// Begins a direct conversation or a group.
import { useState } from "preact/hooks";
import { checkGroupId, checkLength, LIMITS } from "../forms/validation.ts";
import { useHost } from "../host.ts";
import { showToast } from "../../../shared/toast.tsx";
import { describeFault, TextField } from "../parts/fields.tsx";
import { Frame } from "../parts/frame.tsx";
import { LinkRow } from "../parts/list.tsx";
import { useAct } from "../parts/loading.ts";
import { PeoplePicker } from "../people/picker.tsx";
import { t } from "../texts/groups.ts";

type Kind = "direct" | "group";

export function NewPage() {
  const host = useHost();
  const [kind, setKind] = useState<Kind>("group");
  const choice = (value: Kind) => (
    <label class="panel-choice">
      <input type="radio" name="kind" checked={kind === value} onChange={() => setKind(value)} />
      {t(value)}
    </label>
  );
  return (
    <Frame>
      <fieldset class="panel-choices">
        <legend>{t("kind")}</legend>
        {choice("group")}
        {choice("direct")}
      </fieldset>
      {kind === "direct" ? <DirectForm /> : <GroupForm />}
      <ul class="panel-links">
        <LinkRow icon="link" label={t("join")} open={() => host.open("join")} />
        <LinkRow icon="bell" label={t("invitations")} open={() => host.open("invitations")} />
      </ul>
    </Frame>
  );
}

function DirectForm() {
  const host = useHost();
  const [chosen, setChosen] = useState<string[]>([]);
  const { isBusy, act } = useAct();
  const [user] = chosen;
  const start = async () => {
    if (user !== undefined) {
      host.openConversation(await host.client.conversations.openDirect(user));
    }
  };
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        void act(start);
      }}
    >
      <PeoplePicker label={t("withWhom")} chosen={chosen} change={setChosen} most={1} />
      <button type="submit" class="button primary" disabled={isBusy || user === undefined}>
        {t("start")}
      </button>
    </form>
  );
}

function GroupForm() {
  const host = useHost();
  const [title, setTitle] = useState("");
  const [id, setId] = useState("");
  const [members, setMembers] = useState<string[]>([]);
  const { isBusy, act } = useAct();
  const titleFault = checkLength(title, LIMITS.title);
  const idFault = checkGroupId(id);
  const create = async () => {
    const created = await host.client.conversations.create({
      kind: "group",
      members,
      ...(title !== "" && { title }),
      ...(id !== "" && { id }),
    });
    const { invited } = created;
    showToast(invited.length > 0 ? t("invitedToo", { count: invited.length }) : t("created"));
    host.openConversation(created.id);
  };
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        void act(create);
      }}
    >
      <TextField
        label={t("title")}
        value={title}
        change={setTitle}
        max={LIMITS.title.max}
        fault={titleFault && describeFault(titleFault, LIMITS.title)}
      />
      <PeoplePicker label={t("members")} chosen={members} change={setMembers} />
      <TextField
        label={t("groupId")}
        value={id}
        change={setId}
        hint={t("groupIdHint")}
        fault={idFault && describeFault(idFault)}
      />
      <button
        type="submit"
        class="button primary"
        disabled={isBusy || titleFault !== null || idFault !== null}
      >
        {t("create")}
      </button>
    </form>
  );
}
