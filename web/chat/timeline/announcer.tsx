// Reads new messages of the open conversation out to screen readers.
import { selectTimeline } from "@tidings/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { nameOf, withNames } from "../names.tsx";
import { useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { plainText } from "./message_body.tsx";

const MOST_READ = 3;

export function Announcer({ conversation }: { conversation: string }) {
  const { client } = useSession();
  const timeline = useSelect(useMemo(() => selectTimeline(conversation), [conversation]));
  // What was there when the conversation was opened is read by moving through it.
  const [opened] = useState(
    () => client.state.conversations.get(conversation)?.lastMessage?.seq ?? 0,
  );
  const heard = useRef<number | null>(null);
  const [lines, setLines] = useState<{ seq: number; text: string }[]>([]);
  const head = timeline?.headSeq ?? null;
  useEffect(() => {
    if (head === null) return;
    const from = heard.current ?? Math.max(head, opened);
    heard.current = Math.max(head, from);
    const fresh = [];
    for (let seq = Math.max(from, head - MOST_READ) + 1; seq <= head; seq += 1) {
      const message = timeline?.messages.get(seq);
      if (message === undefined || message.sender === client.state.me) continue;
      const name = nameOf(client.state, message.sender);
      const text = withNames(client.state, plainText(message));
      fresh.push({ seq, text: t("saysNew", { name, text }) });
    }
    if (fresh.length > 0) setLines(fresh);
  }, [head]);
  return (
    <div class="hidden-label" role="log" aria-live="polite">
      {lines.map(({ seq, text }) => (
        <p key={seq}>{text}</p>
      ))}
    </div>
  );
}
