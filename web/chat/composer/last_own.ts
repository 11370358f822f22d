// The message that the key ArrowUp edits: the newest own text.
import type { Client, StoredMessage } from "@tidings/client";

const PATIENCE_MS = 3000;

/** Waits for what is on its way: it is what the user means, and not the message before it. */
export async function lastOwnText(
  client: Client,
  conversation: string,
  thread: number | null,
): Promise<StoredMessage | null> {
  try {
    await client.waitFor(
      ({ outbox }) =>
        !outbox.some(
          (item) =>
            item.kind === "send" &&
            item.status !== "failed" &&
            item.conversationId === conversation &&
            (item.message.thread ?? null) === thread,
        ),
      { timeoutMs: PATIENCE_MS },
    );
  } catch {
    return null;
  }
  return newest(client, conversation, thread);
}

function newest(client: Client, id: string, thread: number | null): StoredMessage | null {
  const { me, timelines } = client.state;
  let last: StoredMessage | null = null;
  for (const message of timelines.get(id)?.messages.values() ?? []) {
    const fits = message.sender === me && message.type === "text" && !message.recalled;
    if (fits && message.thread === thread && message.seq > (last?.seq ?? 0)) last = message;
  }
  return last;
}
