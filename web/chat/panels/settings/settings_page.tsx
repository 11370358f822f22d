// The user's own profile, who may reach them, what others see, and this page's looks.
import type { OwnProfile } from "@tidings/client";
import { useState } from "preact/hooks";
import { ConfirmDialog } from "../../../shared/dialog.tsx";
import { Icon } from "../../../shared/icon.tsx";
import { chooseLanguage, type Language, useLanguage } from "../../../shared/language.ts";
import { chooseTheme, theme, type Theme } from "../../../shared/theme.ts";
import { NotificationsSection } from "../../notifications/notifications_section.tsx";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { ChoiceField, SwitchField } from "../parts/fields.tsx";
import { Frame, Section } from "../parts/frame.tsx";
import { Failed } from "../parts/list.tsx";
import { useAct, useLoaded } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/settings.ts";
import { PasswordForm } from "./password_form.tsx";
import { ProfileForm } from "./profile_form.tsx";
import { QuietHoursForm } from "./quiet_hours_form.tsx";

export function SettingsPage() {
  const { client } = useHost();
  const loaded = useLoaded(() => client.people.loadOwnProfile(), "own");
  const profile = useSelect((state) => state.profile);
  return (
    <Frame>
      {profile === null ? (
        loaded.error === null ? (
          <p class="panel-empty">{common("loading")}</p>
        ) : (
          <Failed error={loaded.error} retry={loaded.reload} />
        )
      ) : (
        <>
          <Section title={t("profile")} hint={t("profileHint")}>
            <ProfileForm key={profile.id} profile={profile} />
          </Section>
          <ReachSection profile={profile} />
          <Section title={t("quiet")} hint={t("quietHint")}>
            <QuietHoursForm settings={profile.settings} />
          </Section>
          <NotificationsSection />
        </>
      )}
      <LooksSection />
      <AccountSection />
    </Frame>
  );
}

function ReachSection({ profile: { settings } }: { profile: OwnProfile }) {
  const { client } = useHost();
  const { isBusy, act } = useAct();
  const change = (setting: Parameters<typeof client.people.changeSettings>[0]) =>
    void act(() => client.people.changeSettings(setting), common("saved"));
  const choices = [
    { value: "anyone", label: t("anyone") },
    { value: "contacts", label: t("contacts") },
  ] as const;
  return (
    <>
      <Section title={t("consent")}>
        <ChoiceField
          label={t("directFrom")}
          value={settings.direct_from}
          choices={choices}
          disabled={isBusy}
          change={(direct_from) => change({ direct_from })}
        />
        <ChoiceField
          label={t("groupsFrom")}
          value={settings.groups_from}
          choices={choices}
          hint={t("groupsHint")}
          disabled={isBusy}
          change={(groups_from) => change({ groups_from })}
        />
      </Section>
      <Section title={t("privacy")}>
        <SwitchField
          label={t("receipts")}
          hint={t("receiptsHint")}
          on={settings.read_receipts}
          disabled={isBusy}
          change={(read_receipts) => change({ read_receipts })}
        />
        <SwitchField
          label={t("lastSeen")}
          hint={t("lastSeenHint")}
          on={settings.last_seen}
          disabled={isBusy}
          change={(last_seen) => change({ last_seen })}
        />
      </Section>
    </>
  );
}

const LANGUAGES: readonly { value: Language; label: string }[] = [
  { value: "en", label: "English" },
  { value: "zh", label: "简体中文" },
];

const THEMES = ["system", "light", "dark"] as const;

function LooksSection() {
  const language = useLanguage();
  const [chosen, setChosen] = useState<Theme>(theme());
  const themes = THEMES.map((value) => ({ value, label: t(value) }));
  return (
    <Section title={t("looks")}>
      <ChoiceField
        label={t("language")}
        value={language}
        choices={LANGUAGES}
        change={chooseLanguage}
      />
      <ChoiceField
        label={t("theme")}
        value={chosen}
        choices={themes}
        change={(next) => {
          setChosen(next);
          chooseTheme(next);
        }}
      />
    </Section>
  );
}

function AccountSection() {
  const { me, session } = useHost();
  const [isAsking, setAsking] = useState(false);
  return (
    <Section title={t("account")} hint={t("signedInAs", { user: me })}>
      <PasswordForm />
      <button type="button" class="button" onClick={() => setAsking(true)}>
        <Icon name="sign-out" />
        {t("signOut")}
      </button>
      {isAsking && (
        <ConfirmDialog
          title={t("signOut")}
          text={t("signOutText")}
          action={t("signOut")}
          confirm={() => session.signOut()}
          close={() => setAsking(false)}
        />
      )}
    </Section>
  );
}
