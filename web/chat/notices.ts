// Tells the user what happened to messages that are no longer on the screen where they were sent.
import type { TidingsClient } from "@tidings/client";
import { showError, showToast } from "../shared/toast.tsx";
import { openPanel } from "./route.ts";
import { t } from "./texts.ts";

export function watchNotices(client: TidingsClient): () => void {
  return client.onEntry((entry) => {
    if (entry.type === "message_refused") {
      showError(t("heldRefused", { reason: entry.data.reason ?? "" }));
    }
    if (entry.type === "scheduled_message_failed") {
      const action = { label: t("showScheduled"), run: () => openPanel("scheduled") };
      showToast(t("scheduledFailed", { reason: entry.data.code ?? "" }), action);
    }
  });
}
