// Rules for links.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useAnswer } from "../data/answers.ts";
import type { Schemas } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { Answered } from "../parts/answered.tsx";
import { ProblemNote, useAct } from "../parts/act.tsx";
import { Card } from "../parts/layout.tsx";
import { Choice } from "../parts/choice.tsx";
import { t } from "../texts/rules.ts";

const ACTIONS = ["refuse", "flag"] as const;

export function LinkRules() {
  const session = useSession();
  const rules = useAnswer(
    () =>
      session.read(
        session.api.GET("/v1/moderation/links", { params: { query: session.seen } }),
      ),
    [session],
  );
  return (
    <Card title={t("links")}>
      <p class="soft">{t("linksIntro")}</p>
      <Answered of={rules}>{(found) => <LinkForm rules={found} />}</Answered>
    </Card>
  );
}

function LinkForm({ rules }: { rules: Schemas["LinkRules"] }) {
  const session = useSession();
  const act = useAct();
  const [isStrict, setStrict] = useState(rules.allow_only != null);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const lines = (name: string) =>
      String(form.get(name) ?? "").split("\n").map((line) => line.trim()).filter((line) => line);
    const body = {
      action: ACTIONS.find((each) => each === form.get("action")) ?? ACTIONS[0],
      deny: lines("deny"),
      allow_only: isStrict ? lines("allow_only") : null,
    };
    await act.run(
      () => session.change(session.api.PUT("/v1/moderation/links", { body })),
      t("saved"),
    );
  };
  return (
    <form class="form" onSubmit={onSubmit}>
      <Field label={t("deny")} hint={t("hostsHint")}>
        <textarea
          class="input mono"
          name="deny"
          rows={4}
          spellcheck={false}
          defaultValue={rules.deny.join("\n")}
        />
      </Field>
      <div class="choices">
        <label>
          <input
            type="checkbox"
            checked={isStrict}
            onChange={(event) => setStrict(event.currentTarget.checked)}
          />
          {t("allowOnly")}
        </label>
      </div>
      {isStrict && (
        <Field label={t("allowed")} hint={t("hostsHint")}>
          <textarea
            class="input mono"
            name="allow_only"
            rows={4}
            spellcheck={false}
            defaultValue={(rules.allow_only ?? []).join("\n")}
          />
        </Field>
      )}
      <Choice
        name="action"
        label={t("action")}
        value={rules.action}
        options={ACTIONS.map((value) => ({ value, label: t(`action_${value}`) }))}
      />
      <ProblemNote problem={act.problem} />
      <div class="form-actions">
        <button class="button primary" disabled={act.isBusy}>
          {t("save")}
        </button>
      </div>
    </form>
  );
}
