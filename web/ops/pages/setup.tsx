// The first run, in place of a wizard on the terminal.
import { useState } from "preact/hooks";
import { readToken, storeAccount, type Account } from "../../shared/account.ts";
import { Field } from "../../shared/field.tsx";
import { setUpPlace, useSetup } from "../data/place.ts";
import { ProblemNote, useAct } from "../parts/act.tsx";
import { InviteMaker } from "../parts/invite.tsx";
import { t } from "../texts/setup.ts";
import { Session, SessionContext } from "../data/session.ts";

interface SetupProps {
  /** The code of the link; empty if the user has to type it. */
  code: string;
  /** The owner exists and is signed in. The page stays, for the invitation. */
  began: (account: Account) => void;
  /** The user goes on to the console, or to the sign-in page. */
  finished: () => void;
}

type Owned = { account: Account; name: string };

export function Setup({ code, began, finished }: SetupProps) {
  const setup = useSetup();
  const [owned, setOwned] = useState<Owned | null>(null);
  const isPointless = owned === null && (setup === "done" || setup === "off");
  return (
    <main class="setup">
      <div class="setup-card">
        <img src="icon.svg" alt="" width="44" height="44" />
        <h1>{t("title")}</h1>
        {isPointless ? (
          <>
            <p class="notice">{t(setup === "done" ? "isSetUp" : "isOff")}</p>
            <button type="button" class="button primary" onClick={finished}>
              {t("signIn")}
            </button>
          </>
        ) : (
          <>
            <Steps current={owned === null ? 0 : 1} />
            {owned === null ? (
              <OwnerForm
                code={code}
                created={(next) => {
                  setOwned(next);
                  began(next.account);
                }}
              />
            ) : (
              <Invitation owned={owned} finished={finished} />
            )}
          </>
        )}
      </div>
    </main>
  );
}

function Steps({ current }: { current: number }) {
  return (
    <ol class="setup-steps" aria-label={t("steps")}>
      {[t("stepOwner"), t("stepInvite")].map((label, index) => (
        <li key={label} aria-current={index === current ? "step" : undefined}>
          <span class="setup-number" aria-hidden="true">
            {index + 1}
          </span>
          {label}
        </li>
      ))}
    </ol>
  );
}

interface OwnerFormProps {
  code: string;
  created: (owned: Owned) => void;
}

function OwnerForm({ code, created }: OwnerFormProps) {
  const act = useAct();
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "").trim();
    const displayName = field("display_name");
    await act.run(async () => {
      const token = await setUpPlace({
        code: field("code") || code,
        name: field("name"),
        user: field("user"),
        // Spaces belong to a password.
        password: String(form.get("password") ?? ""),
        ...(displayName !== "" && { display_name: displayName }),
      });
      const account = readToken(token)!;
      storeAccount(account);
      created({ account, name: field("name") });
    }, "");
  };
  return (
    <form class="form" onSubmit={onSubmit}>
      <p class="soft">{t("intro")}</p>
      {code === "" && (
        <Field label={t("code")} hint={t("codeHint")}>
          <input class="input mono" name="code" required autocomplete="off" spellcheck={false} />
        </Field>
      )}
      <Field label={t("placeName")} hint={t("placeNameHint")}>
        <input class="input" name="name" required maxLength={64} dir="auto" />
      </Field>
      <Field label={t("user")} hint={t("userHint")}>
        <input
          class="input"
          name="user"
          required
          maxLength={128}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
        />
      </Field>
      <Field label={t("displayName")} hint={t("displayNameHint")}>
        <input class="input" name="display_name" maxLength={64} autocomplete="name" dir="auto" />
      </Field>
      <Field label={t("password")} hint={t("passwordHint")}>
        <input
          class="input"
          name="password"
          type="password"
          required
          minLength={10}
          maxLength={128}
          autocomplete="new-password"
        />
      </Field>
      <ProblemNote problem={act.problem} />
      <button class="button primary" disabled={act.isBusy}>
        {t("create")}
      </button>
    </form>
  );
}

function Invitation({ owned, finished }: { owned: Owned; finished: () => void }) {
  const [session] = useState(() => new Session(owned.account, finished));
  return (
    <SessionContext.Provider value={session}>
      <p class="notice" role="status">
        {t("ready", { user: owned.account.user, name: owned.name })}
      </p>
      <p>{t("inviteIntro")}</p>
      <InviteMaker />
      <div class="form-actions">
        <a class="button" href="/">
          {t("chat")}
        </a>
        <button type="button" class="button primary" onClick={finished}>
          {t("finish")}
        </button>
      </div>
    </SessionContext.Provider>
  );
}
