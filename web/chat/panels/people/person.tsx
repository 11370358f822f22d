// A person in a list.
import type { UserProfile } from "@tidings/client";
import type { ComponentChildren, VNode } from "preact";
import { PictureAvatar } from "../../files/picture_avatar.tsx";
import { useProfile } from "../../names.tsx";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { t as common } from "../texts/common.ts";

/** What somebody wrote with a request; nothing if they did not. */
export function quote(note: string | null): VNode | undefined {
  return note ? <q dir="auto">{note}</q> : undefined;
}

interface PersonRowProps {
  user: string;
  /** A profile that a list has brought along. */
  profile?: UserProfile;
  note?: ComponentChildren;
  actions?: ComponentChildren;
}

/** The name opens the profile. */
export function PersonRow({ user, profile, note, actions }: PersonRowProps) {
  const host = useHost();
  const known = useProfile(user);
  const shown = profile ?? known;
  const presence = useSelect((state) => state.presence.get(user));
  const name = shown?.display_name ?? user;
  return (
    <li class="panel-row">
      <button type="button" class="panel-row-main" onClick={() => host.open("person", { user })}>
        <PictureAvatar id={user} name={name} picture={shown?.avatar} size={36} online={presence?.online} />
        <span class="panel-row-text">
          <span class="panel-row-name">
            <bdi>{name}</bdi>
            {user === host.me && <span class="panel-tag">{common("you")}</span>}
          </span>
          <span class="panel-row-note">{note ?? <bdi>@{user}</bdi>}</span>
        </span>
      </button>
      {actions && <div class="panel-row-actions">{actions}</div>}
    </li>
  );
}
