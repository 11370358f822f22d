// Tells the user what became of messages, where the screen does not show it by itself.
import type { TidingsClient } from "@tidings/client";
import { showError, showToast } from "../shared/toast.tsx";
import { openPanel } from "./route.ts";
import { t } from "./texts.ts";
import { reasonText } from "./timeline/failure_text.ts";

export function watchNotices(client: TidingsClient): () => void {
  const stopEntries = client.onEntry((entry) => {
    if (entry.type === "message_refused") {
      showError(t("heldRefused", { reason: reasonText(entry.data.reason) }));
    }
    if (entry.type === "scheduled_message_failed") {
      const action = { label: t("showScheduled"), run: () => openPanel("scheduled") };
      showToast(t("scheduledFailed", { reason: reasonText(entry.data.code) }), action);
    }
  });
  const stopSent = client.onSent(({ masked, held }) => {
    if (masked) showToast(t("masked"));
    // It is then shown at the end of its conversation.
    if (held) client.lists.held().catch(showError);
  });
  return () => {
    stopEntries();
    stopSent();
  };
}
