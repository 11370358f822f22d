// The reactions to a message. Choosing one adds the user's own, or takes it back.
import type { Client, StoredMessage } from "@tidings/client";
import { useNames } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";

interface ReactionsProps {
  message: StoredMessage;
  canReact: boolean;
  tabbable: boolean;
}

const NAMED = 12;

export function Reactions({ message, canReact, tabbable }: ReactionsProps) {
  const { client } = useSession();
  const entries = Object.entries(message.reactions);
  const users = [...new Set(entries.flatMap(([, { users }]) => users.slice(0, NAMED)))];
  const names = useNames(users);
  if (entries.length === 0) return null;
  return (
    <div class="reactions">
      {entries.map(([sign, { count, mine, users }]) => (
        <button
          key={sign}
          type="button"
          class="reaction"
          aria-pressed={mine}
          aria-label={t("reactionLabel", { sign, count })}
          title={users.slice(0, NAMED).map(names).join(", ")}
          disabled={!canReact}
          tabIndex={tabbable ? 0 : -1}
          onClick={() => toggleReaction(client, message, sign)}
        >
          <span aria-hidden="true">{sign}</span> {count}
        </button>
      ))}
    </div>
  );
}

/** Adds a reaction, or takes it back if it is there. */
export function toggleReaction(
  client: Client,
  message: StoredMessage,
  sign: string,
): void {
  const { conversation_id, seq, reactions } = message;
  if (reactions[sign]?.mine) client.messages.unreact(conversation_id, seq, sign);
  else client.messages.react(conversation_id, seq, sign);
}
