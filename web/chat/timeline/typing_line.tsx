// Who is typing. Screen readers are not told: it would interrupt them all the time.
import { selectTyping } from "@tidings/client";
import { useMemo } from "preact/hooks";
import { useNames } from "../names.tsx";
import { useSelect } from "../session.ts";
import { t } from "../texts.ts";

export function TypingLine({ conversation }: { conversation: string }) {
  const users = useSelect(useMemo(() => selectTyping(conversation), [conversation]));
  const names = useNames(users);
  return (
    <div class="typing-line" aria-hidden="true">
      {users.length > 0 && (
        <>
          <span class="typing-dots">
            <i />
            <i />
            <i />
          </span>
          {typingText(users, names)}
        </>
      )}
    </div>
  );
}

function typingText(users: readonly string[], names: (user: string) => string): string {
  const [first, second] = users;
  if (users.length === 1) return t("typingOne", { name: names(first!) });
  if (users.length === 2) return t("typingTwo", { name: names(first!), other: names(second!) });
  return t("typingMany");
}
