// The setting that turns notifications of this browser on and off.
import { useState } from "preact/hooks";
import { showError, showToast } from "../../shared/toast.tsx";
import { describeError } from "../panels/calls.ts";
import { useHost } from "../panels/host.ts";
import { SwitchField } from "../panels/parts/fields.tsx";
import { Section } from "../panels/parts/frame.tsx";
import { notificationState, showsPreview, switchOff, switchOn } from "./notifications.ts";
import { t } from "./texts.ts";

export function NotificationsSection() {
  const { client, me } = useHost();
  const [state, setState] = useState(() => notificationState(me));
  const [preview, setPreview] = useState(() => showsPreview(me));
  const [isBusy, setBusy] = useState(false);
  const act = (change: () => Promise<void>) => {
    setBusy(true);
    change()
      .catch((error) => showError(t("failed", { reason: describeError(error) })))
      .finally(() => {
        setState(notificationState(me));
        setBusy(false);
      });
  };
  const turnOn = async (withText: boolean) => {
    if (await switchOn(client, me, withText)) showToast(t("on"));
    else showError(t("notGiven"));
  };
  const turnOff = async () => {
    await switchOff(client);
    showToast(t("off"));
  };
  const canChange = state === "on" || state === "off";
  return (
    <Section title={t("title")}>
      <SwitchField
        label={t("onDevice")}
        hint={canChange ? t("hint") : t(state)}
        on={state === "on"}
        disabled={isBusy || !canChange}
        change={(on) => act(() => (on ? turnOn(preview) : turnOff()))}
      />
      {state === "on" && (
        <SwitchField
          label={t("preview")}
          hint={t("previewHint")}
          on={preview}
          disabled={isBusy}
          change={(withText) => {
            setPreview(withText);
            act(() => turnOn(withText));
          }}
        />
      )}
    </Section>
  );
}
