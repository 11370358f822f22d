// The names and pictures of people and conversations.
import { type ClientState, type Conversation, selectSession } from "@tidings/client";
import type { UserProfile } from "@tidings/client";
import { useEffect } from "preact/hooks";
import { PictureAvatar } from "./files/picture_avatar.tsx";
import { useSelect, useSession } from "./session.ts";
import { t } from "./texts.ts";

/** The name of a user as far as it is known: the display name, else the id. */
export function nameOf(state: ClientState, user: string): string {
  return state.people.get(user)?.display_name ?? user;
}

/** A text with the names of the people whom it mentions, as far as they are known. */
export function withNames(state: ClientState, text: string): string {
  if (!text.includes("@")) return text;
  return text.replace(/@([^\s@]+)/gu, (mention, user: string) => {
    const name = state.people.get(user)?.display_name;
    return name == null ? mention : `@${name}`;
  });
}

/** The profile of a user, which is loaded if it is not known yet. */
export function useProfile(user: string | null): UserProfile | undefined {
  const { client } = useSession();
  useEffect(() => {
    if (user !== null) client.people.want([user]);
  }, [user]);
  return useSelect((state) => (user === null ? undefined : state.people.get(user)));
}

export function useName(user: string): string {
  return useProfile(user)?.display_name ?? user;
}

/** A function that names users; it changes when one of the names does. */
export function useNames(users: readonly string[]): (user: string) => string {
  const { client } = useSession();
  const key = users.join("\n");
  useEffect(() => client.people.want(users), [key]);
  useSelect((state) => users.map((user) => nameOf(state, user)).join("\n"));
  return (user) => nameOf(client.state, user);
}

export function UserName({ user }: { user: string }) {
  return <bdi>{useName(user)}</bdi>;
}

export function UserAvatar({ user, size, presence = false }: UserAvatarProps) {
  const profile = useProfile(user);
  const online = useSelect((state) => presence && state.presence.get(user)?.online === true);
  const name = profile?.display_name ?? user;
  const picture = profile?.avatar;
  return <PictureAvatar id={user} name={name} picture={picture} size={size} online={online} />;
}

interface UserAvatarProps {
  user: string;
  size?: number;
  presence?: boolean;
}

/** Whom a conversation is named after: the other one of two; for an agent, the customer. */
export function personOf(state: ClientState, { id, kind, peer }: Conversation): string | null {
  if (kind !== "desk") return peer;
  const customer = selectSession(id)(state)?.customer;
  return customer === undefined || customer === state.me ? null : customer;
}

export function titleOf(state: ClientState, conversation: Conversation): string {
  const person = personOf(state, conversation);
  if (person !== null) return nameOf(state, person);
  return conversation.title ?? t("untitled");
}

export function useTitle(conversation: Conversation): string {
  const person = useSelect((state) => personOf(state, conversation));
  const profile = useProfile(person);
  if (person !== null) return profile?.display_name ?? person;
  return conversation.title ?? t("untitled");
}

interface ConversationAvatarProps {
  conversation: Conversation;
  size?: number;
}

export function ConversationAvatar({ conversation, size }: ConversationAvatarProps) {
  const { id, title, avatar } = conversation;
  const person = useSelect((state) => personOf(state, conversation));
  if (person !== null) return <UserAvatar user={person} size={size} presence />;
  return <PictureAvatar id={id} name={title ?? "#"} picture={avatar} kind="group" size={size} />;
}
