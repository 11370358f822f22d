// The form of the user's own public profile.
import type { OwnProfile, ProfileRequest } from "@tidings/client";
import { useState } from "preact/hooks";
import { isFile } from "../../files/avatar_file.ts";
import { PictureAvatar } from "../../files/picture_avatar.tsx";
import {
  checkDisplayName,
  checkLength,
  checkLocale,
  checkPicture,
  type Fault,
  type Limits,
  LIMITS,
} from "../forms/validation.ts";
import { useHost } from "../host.ts";
import { describeFault, TextField } from "../parts/fields.tsx";
import { useAct } from "../parts/loading.ts";
import { PictureField } from "../parts/picture_field.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/settings.ts";

type Fields = Record<"display_name" | "about" | "avatar" | "locale", string>;

/** A picture that is a file has no address. */
function addressOf(avatar: string | null): string {
  return avatar === null || isFile(avatar) ? "" : avatar;
}

function fieldsOf(profile: OwnProfile): Fields {
  return {
    display_name: profile.display_name ?? "",
    about: profile.about ?? "",
    avatar: addressOf(profile.avatar),
    locale: profile.locale ?? "",
  };
}

/** What the form changes; an empty field removes what was there. */
function changesOf(fields: Fields, profile: OwnProfile): ProfileRequest {
  const before = fieldsOf(profile);
  const names = Object.keys(fields) as (keyof Fields)[];
  const changed = names.filter((name) => fields[name] !== before[name]);
  return Object.fromEntries(changed.map((name) => [name, fields[name] || null]));
}

export function ProfileForm({ profile }: { profile: OwnProfile }) {
  const { client } = useHost();
  // Only what the user edits: the picture changes beside the form.
  const [edits, setEdits] = useState<Partial<Fields>>({});
  const fields = { ...fieldsOf(profile), ...edits };
  const { isBusy, act } = useAct();
  const faults: Record<keyof Fields, Fault | null> = {
    display_name: checkDisplayName(fields.display_name),
    about: checkLength(fields.about, LIMITS.about),
    avatar: checkPicture(fields.avatar),
    locale: checkLocale(fields.locale),
  };
  const changes = changesOf(fields, profile);
  const isReady =
    Object.keys(changes).length > 0 && Object.values(faults).every((fault) => fault === null);
  const field = (name: keyof Fields, limits?: Limits) => ({
    value: fields[name],
    change: (value: string) => setEdits((old) => ({ ...old, [name]: value })),
    fault: faults[name] && describeFault(faults[name], limits),
    max: limits?.max,
  });
  const save = async () => {
    const change = () => client.people.changeProfile(changes);
    if (await act(change, t("profileSaved"))) setEdits({});
  };
  const setPicture = async (picture: Blob | null) => {
    await client.people.setAvatar(picture);
    setEdits(({ avatar: _, ...others }) => others);
  };
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) void save();
      }}
    >
      <PictureField hasPicture={profile.avatar !== null} set={setPicture}>
        <PictureAvatar
          id={profile.id}
          name={fields.display_name || profile.id}
          picture={faults.avatar === null ? fields.avatar || profile.avatar : null}
          size={64}
        />
      </PictureField>
      <TextField label={t("displayName")} {...field("display_name", LIMITS.displayName)} />
      <TextField label={t("about")} rows={3} {...field("about", LIMITS.about)} />
      <TextField label={t("avatar")} hint={t("avatarHint")} type="url" {...field("avatar")} />
      <TextField label={t("locale")} hint={t("localeHint")} {...field("locale")} />
      <button type="submit" class="button primary" disabled={isBusy || !isReady}>
        {common("save")}
      </button>
    </form>
  );
}
