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
  const heard = useRef<number | null>(null);
  const [lines, setLines] = useState<{ seq: number; text: string }[]>([]);
  const head = timeline?.headSeq ?? null;
  useEffect(() => {
    if (head === null) return;
    const from = heard.current ?? head;
    heard.current = head;
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
