// Mentions in a text: "@" and the id of a member.
import type { ClientState } from "@tidings/client";
import { fold } from "../list/filter.ts";
import { nameOf } from "../names.tsx";
import { EMOJI_GROUPS } from "./emoji.ts";

/** What can be put in at the caret. */
export interface Suggestion {
  key: string;
  /** Replaces what has been written of it. */
  text: string;
  label: string;
  user?: string;
  sign?: string;
}

export interface Completion {
  /** Where the word that is being written begins. */
  from: number;
  suggestions: Suggestion[];
}

const MOST_SUGGESTIONS = 6;
const MENTION = /(?:^|[\s(（])@([^\s@]{0,64})$/u;
const EMOJI = /(?:^|\s):([\p{L}\d]{2,20})$/u;

/** What could complete the word before the caret. */
export function completeAt(
  text: string,
  caret: number,
  members: readonly string[],
  state: ClientState,
): Completion | null {
  const before = text.slice(0, caret);
  const mention = MENTION.exec(before);
  if (mention !== null) {
    const suggestions = suggestPeople(mention[1]!, members, state);
    return suggestions.length > 0 ? { from: caret - mention[1]!.length - 1, suggestions } : null;
  }
  const emoji = EMOJI.exec(before);
  if (emoji === null) return null;
  const suggestions = suggestEmoji(emoji[1]!);
  return suggestions.length > 0 ? { from: caret - emoji[1]!.length - 1, suggestions } : null;
}

function suggestPeople(word: string, members: readonly string[], state: ClientState) {
  const folded = fold(word);
  const found: Suggestion[] = [];
  for (const user of members) {
    if (user === state.me) continue;
    const name = nameOf(state, user);
    const words = [user, name, ...name.split(/\s+/)];
    if (!words.some((each) => fold(each).startsWith(folded))) continue;
    found.push({ key: user, text: `@${user} `, label: name, user });
    if (found.length === MOST_SUGGESTIONS) break;
  }
  return found;
}

function suggestEmoji(word: string): Suggestion[] {
  const found = EMOJI_GROUPS.flatMap((group) => group.emoji).filter(({ words }) =>
    words.split(" ").some((each) => each.startsWith(word.toLowerCase())),
  );
  return found.slice(0, MOST_SUGGESTIONS).map(({ sign, words }) => ({
    key: sign,
    text: `${sign} `,
    label: words.split(" ")[0]!,
    sign,
  }));
}

/** The members whom a text mentions. */
export function mentionsIn(text: string, members: readonly string[]): string[] {
  return members.filter((user) => {
    for (let at = text.indexOf(`@${user}`); at >= 0; at = text.indexOf(`@${user}`, at + 1)) {
      const after = text.slice(at + user.length + 1);
      // "@ann" is not in "@anna", but it is in "@ann, …" and "@ann。".
      if (!/^[\p{L}\p{N}_-]/u.test(after) || /^\p{Script=Han}/u.test(after)) return true;
    }
    return false;
  });
}
