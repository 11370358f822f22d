// Joins a group by a link, or by its id if it is open or takes requests.
import { useState } from "preact/hooks";
import { PictureAvatar } from "../../files/picture_avatar.tsx";
import { showToast } from "../../../shared/toast.tsx";
import { isRefused, type Schemas } from "../calls.ts";
import { checkLength, LIMITS, readLinkCode } from "../forms/validation.ts";
import { useHost } from "../host.ts";
import { describeFault, TextField } from "../parts/fields.tsx";
import { Frame } from "../parts/frame.tsx";
import { useAct, useLoaded } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";

export function JoinPage({ code: opened = "" }: { code?: string }) {
  const [text, setText] = useState(opened);
  const [code, setCode] = useState(readLinkCode(opened));
  return (
    <Frame>
      <form
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault();
          setCode(readLinkCode(text));
        }}
      >
        <TextField label={t("linkOrId")} hint={t("joinHint")} value={text} change={setText} />
        <button type="submit" class="button" disabled={text.trim() === ""}>
          {t("look")}
        </button>
      </form>
      {code !== "" && <Found key={code} code={code} />}
    </Frame>
  );
}

type LinkTarget = Schemas["LinkTarget"];

/** A code that is no link may still be the id of a group. */
function Found({ code }: { code: string }) {
  const { api, calls } = useHost();
  const target = useLoaded<LinkTarget | "none">(async () => {
    try {
      return await calls.ask(api.GET("/v1/links/{code}", { params: { path: { code } } }));
    } catch (error) {
      if (isRefused(error, "not_found") || isRefused(error, "invalid")) return "none";
      throw error;
    }
  }, code);
  if (target.isLoading && target.data === null) {
    return <p class="panel-empty">{common("loading")}</p>;
  }
  return target.data === "none" || target.data === null ? (
    <JoinById id={code} />
  ) : (
    <JoinByLink code={code} target={target.data} />
  );
}

function JoinByLink({ code, target }: { code: string; target: LinkTarget }) {
  const host = useHost();
  const { isBusy, act } = useAct();
  const title = target.title ?? common("untitled");
  const join = () =>
    act(async () => {
      host.openConversation(await host.client.conversations.joinByLink(code));
    }, t("joined"));
  return (
    <div class="join-card">
      <PictureAvatar id={code} name={title} picture={target.avatar} kind="group" size={56} />
      <p class="person-name" dir="auto">
        {title}
      </p>
      <p class="soft">{common("members", { count: target.member_count })}</p>
      <button type="button" class="button primary" disabled={isBusy} onClick={join}>
        {t("joinAction")}
      </button>
    </div>
  );
}

function JoinById({ id }: { id: string }) {
  const host = useHost();
  const [note, setNote] = useState("");
  const { isBusy, act } = useAct();
  const fault = checkLength(note, LIMITS.note);
  const join = async () => {
    try {
      const state = await host.client.conversations.join(id, note === "" ? undefined : note);
      showToast(state === "joined" ? t("joined") : t("asked"));
      if (state === "joined") host.openConversation(id);
      else host.back();
    } catch (error) {
      throw isRefused(error, "not_found") ? new Error(t("noSuchGroup")) : error;
    }
  };
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        void act(join);
      }}
    >
      <TextField
        label={t("joinNote")}
        hint={t("joinNoteHint")}
        value={note}
        change={setNote}
        rows={2}
        max={LIMITS.note.max}
        fault={fault && describeFault(fault, LIMITS.note)}
      />
      <button type="submit" class="button primary" disabled={isBusy || fault !== null}>
        {t("joinOf", { title: id })}
      </button>
    </form>
  );
}
