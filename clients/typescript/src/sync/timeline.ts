// What is known of the messages of a conversation: which stretches, and the messages.
//
// The seqs of a conversation are 1, 2, 3, ... without gaps. A page of history that starts at a seq
// therefore covers every seq up to its last message, also those that the caller may not see.
import { PersistentMap } from "../model/persistent_map.ts";
import type { SeqRange, StoredMessage, Timeline } from "../model/state.ts";

export const EMPTY_TIMELINE: Timeline = {
  ranges: [],
  atHead: false,
  headSeq: 0,
  messages: PersistentMap.empty(),
};

/** The ranges with another one; those that touch it become one. */
export function addRange(ranges: readonly SeqRange[], added: SeqRange): readonly SeqRange[] {
  const covers = ranges.some((range) => range.from <= added.from && added.to <= range.to);
  if (covers || added.to < added.from) return ranges;
  let { from, to } = added;
  const apart: SeqRange[] = [];
  for (const range of ranges) {
    if (range.to < from - 1 || range.from > to + 1) apart.push(range);
    else [from, to] = [Math.min(from, range.from), Math.max(to, range.to)];
  }
  const index = apart.findIndex((range) => range.from > to);
  apart.splice(index < 0 ? apart.length : index, 0, { from, to });
  return apart;
}

/** Adds the message of an entry, which is the newest one so far or one that is known already. */
export function addSentMessage(timeline: Timeline, message: StoredMessage): Timeline {
  const { seq } = message;
  const before = timeline.messages.get(seq);
  const messages = before && before.asOf >= message.asOf
    ? timeline.messages
    : timeline.messages.set(seq, message);
  if (seq <= timeline.headSeq) {
    return { ...timeline, messages, ranges: addRange(timeline.ranges, { from: seq, to: seq }) };
  }
  // If seqs are skipped, they stay a gap that can be loaded. In a conversation that was seen to be
  // empty, what lies before its first message is what the caller may not see.
  const isFirst = timeline.atHead && timeline.ranges.length === 0;
  const from = isFirst ? 1 : seq;
  const ranges = addRange(timeline.ranges, { from, to: seq });
  return { ranges, atHead: true, headSeq: seq, messages };
}

/** A page of history, and what it covers. */
export interface CoveredPage {
  readonly messages: readonly StoredMessage[];
  readonly covers: SeqRange | null;
  /** The newest seq of the conversation, if the page shows it. */
  readonly headSeq: number | null;
}

/** Adds a page. Messages that are known as of a later position stay. */
export function addPage(timeline: Timeline, page: CoveredPage): Timeline {
  const newer = page.messages.filter((message) => {
    const before = timeline.messages.get(message.seq);
    return !before || before.asOf < message.asOf;
  });
  const messages = timeline.messages.setAll(newer.map((message) => [message.seq, message]));
  const ranges = page.covers ? addRange(timeline.ranges, page.covers) : timeline.ranges;
  const seen = page.messages.reduce((head, { seq }) => Math.max(head, seq), page.headSeq ?? 0);
  const headSeq = Math.max(timeline.headSeq, seen);
  const endsAtHead = page.headSeq !== null && page.headSeq >= timeline.headSeq;
  const lastSeq = ranges.at(-1)?.to ?? 0;
  const atHead = endsAtHead || (timeline.atHead && lastSeq >= headSeq);
  return { ranges, atHead, headSeq, messages };
}

/** Replaces a message if it is known. */
export function changeMessage(
  timeline: Timeline,
  seq: number,
  change: (message: StoredMessage) => StoredMessage,
): Timeline {
  const before = timeline.messages.get(seq);
  const after = before && change(before);
  if (!after || after === before) return timeline;
  return { ...timeline, messages: timeline.messages.set(seq, after) };
}

/** Forgets the messages up to a seq, as after a clear; nothing is left to load there. */
export function forgetUpTo(timeline: Timeline, upTo: number): Timeline {
  let { messages } = timeline;
  for (const seq of timeline.messages.keys()) if (seq <= upTo) messages = messages.delete(seq);
  const ranges = addRange(timeline.ranges, { from: 1, to: Math.min(upTo, timeline.headSeq) });
  return { ...timeline, messages, ranges };
}

/** Keeps only the newest messages of the last range, to bound memory. */
export function keepNewest(timeline: Timeline, count: number): Timeline {
  return keepWithin(timeline, [newestWindow(timeline, count)]);
}

/** Keeps the newest messages, and those around a seq that is being looked at. */
export function keepAround(timeline: Timeline, seq: number, reach: number, newest: number) {
  const window = { from: seq - reach, to: seq + reach };
  return keepWithin(timeline, [window, newestWindow(timeline, newest)]);
}

function newestWindow(timeline: Timeline, count: number): SeqRange {
  const last = timeline.ranges.at(-1)?.to ?? 0;
  return timeline.atHead ? { from: last - count + 1, to: last } : { from: 1, to: 0 };
}

function keepWithin(timeline: Timeline, windows: readonly SeqRange[]): Timeline {
  let ranges: readonly SeqRange[] = [];
  for (const window of windows) {
    for (const range of timeline.ranges) {
      const kept = {
        from: Math.max(range.from, window.from),
        to: Math.min(range.to, window.to),
      };
      ranges = addRange(ranges, kept);
    }
  }
  const messages: [number, StoredMessage][] = [];
  for (const { from, to } of ranges) {
    for (let seq = from; seq <= to; seq += 1) {
      const message = timeline.messages.get(seq);
      if (message) messages.push([seq, message]);
    }
  }
  return { ...timeline, ranges, messages: PersistentMap.from(messages) };
}
