// A customer chooses a desk, and asks the first question.
import { useState } from "preact/hooks";
import { t } from "../../desks/texts.ts";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { ChoiceField, TextField } from "../parts/fields.tsx";
import { Frame } from "../parts/frame.tsx";
import { useAct } from "../parts/loading.ts";

export function ContactPage() {
  const { client, openConversation } = useHost();
  const desks = useSelect((state) => state.desks.items);
  const [chosen, setChosen] = useState<string | null>(null);
  const [text, setText] = useState("");
  const { isBusy, act } = useAct();
  const [first] = desks;
  if (first === undefined) {
    return (
      <Frame>
        <p class="panel-empty">{t("noDesks")}</p>
      </Frame>
    );
  }
  const desk = chosen ?? first.id;
  const start = async () => {
    const asked = text.trim();
    const opened = await client.desks.open(desk, asked === "" ? {} : { text: asked });
    openConversation(opened.conversation_id);
  };
  return (
    <Frame>
      <form
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act(start);
        }}
      >
        <ChoiceField
          label={t("chooseDesk")}
          value={desk}
          choices={desks.map(({ id, title }) => ({ value: id, label: title }))}
          change={setChosen}
        />
        <TextField label={t("question")} value={text} change={setText} rows={4} />
        <button class="button primary" disabled={isBusy}>
          {t("start")}
        </button>
      </form>
    </Frame>
  );
}
