// What a change makes of a message: the same for entries of the server and for the outbox.
import type { MessageChange, Reaction, StoredMessage } from "./state.ts";

const LISTED_USERS = 100;

/** The message after a change of the caller that the server has not confirmed yet. */
export function applyChange(
  message: StoredMessage,
  change: MessageChange,
  me: string,
): StoredMessage {
  switch (change.act) {
    case "edit":
      if (message.recalled) return message;
      return { ...message, body: change.body, edited_at: new Date().toISOString() };
    case "recall":
      return { ...message, body: null, recalled: true };
    case "react":
      return withReaction(message, change.key, me, me);
    case "unreact":
      return withoutReaction(message, change.key, me, me);
  }
}

/** The message with a reaction; the same one if the user has reacted so already. */
export function withReaction(
  message: StoredMessage,
  key: string,
  user: string,
  me: string,
): StoredMessage {
  const before = message.reactions[key];
  if (before && (before.users.includes(user) || (user === me && before.mine))) return message;
  const users = before?.users ?? [];
  const reaction: Reaction = {
    count: (before?.count ?? 0) + 1,
    mine: (before?.mine ?? false) || user === me,
    users: users.length < LISTED_USERS ? [...users, user] : users,
  };
  return { ...message, reactions: { ...message.reactions, [key]: reaction } };
}

/** The message without a reaction; the same one if the user has not reacted so. */
export function withoutReaction(
  message: StoredMessage,
  key: string,
  user: string,
  me: string,
): StoredMessage {
  const before = message.reactions[key];
  const had = before && (before.users.includes(user) || (user === me && before.mine));
  if (!had) return message;
  const { [key]: _, ...others } = message.reactions;
  const count = before.count - 1;
  if (count === 0) return { ...message, reactions: others };
  const users = before.users.filter((other) => other !== user);
  const reaction: Reaction = { count, mine: before.mine && user !== me, users };
  return { ...message, reactions: { ...others, [key]: reaction } };
}
