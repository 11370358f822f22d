// What the policies of a conversation say about writing.
import type { Conversation } from "@tidings/client";
import { Icon } from "../shared/icon.tsx";
import { t } from "./texts.ts";

export function mayWrite({ details }: Conversation): boolean {
  if (details === null || details.role !== "member") return true;
  return details.policy.post !== "admins" && !details.policy.frozen;
}

export function slowModeHint({ details }: Conversation): string | undefined {
  const seconds = details?.policy.slow_mode ?? 0;
  return seconds > 0 && details?.role === "member" ? t("slowMode", { seconds }) : undefined;
}

/** Says why there is no field to write in. */
export function WritingRules({ conversation }: { conversation: Conversation }) {
  const frozen = conversation.details?.policy.frozen === true;
  return (
    <p class="writing-rules" role="note">
      <Icon name="shield" size={18} />
      {frozen ? t("frozen") : t("readOnly")}
    </p>
  );
}
