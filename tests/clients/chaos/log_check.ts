// Compares what was sent and acknowledged with the log.
import type { Participant } from "./participant.ts";
import type { System } from "./system.ts";

/** What was sent is in the log exactly once, unless the outbox shows why it is not. */
export async function compareWithLog(
  participants: readonly Participant[],
  system: System,
): Promise<string[]> {
  const times = await countSends(system);
  const lines: string[] = [];
  for (const [id, count] of times) if (count > 1) lines.push(`${id} is in the log ${count} times`);
  for (const { user, sent, state } of participants) {
    const shown = new Set(state.outbox.map((item) => item.id));
    for (const id of sent) {
      if (!times.has(id) && !shown.has(id)) lines.push(`${user} sent ${id}, which is lost`);
    }
  }
  return lines;
}

async function countSends(system: System): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (let after = 0; ; ) {
    const url = `${system.url}/v1/events?type=message_sent&limit=10000&after=${after}`;
    const headers = { Authorization: `Bearer ${system.token("auditor", "admin")}` };
    const text = await (await fetch(url, { headers })).text();
    const events = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    for (const { data } of events) {
      const id = data.client_message_id;
      if (id) times.set(id, (times.get(id) ?? 0) + 1);
    }
    if (events.length === 0) return times;
    after = events.at(-1).position;
  }
}

/** The cursor that the server knows of each device: what the client has, it must have said. */
export async function findMissingAcks(
  participants: readonly Participant[],
  system: System,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { user, device, state } of participants) {
    const headers = { Authorization: `Bearer ${system.token("auditor", "admin")}` };
    const answer = await fetch(`${system.url}/v1/admin/users/${user}`, { headers });
    const { devices } = (await answer.json()) as { devices: { device: string; cursor: number }[] };
    const acked = devices.find((known) => known.device === device)?.cursor ?? 0;
    const held = Number.parseInt(state.cursor ?? "0", 10);
    // An acknowledgement is an event itself, and can reach the user who gave it as an entry.
    if (acked < held) lines.push(`${user}/${device} is at ${held}, and acknowledged ${acked}`);
  }
  return lines;
}
