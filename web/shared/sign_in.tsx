// The first thing a stranger sees: sign in, create an account, or paste a token.
import { useState } from "preact/hooks";
import { type Account, readToken, storeAccount } from "./account.ts";
import { Field } from "./field.tsx";
import { type Language, chooseLanguage, useLanguage } from "./language.ts";
import { t } from "./texts.ts";
import "./sign_in.css";

type Way = "signIn" | "signUp" | "useToken";
const WAYS: Way[] = ["signIn", "signUp", "useToken"];

interface SignInProps {
  signedIn: (account: Account) => void;
  /** Why the last sign-in ended, if it did not end by choice. */
  reason?: string | undefined;
}

export function SignIn({ signedIn, reason }: SignInProps) {
  const language = useLanguage();
  const [way, setWay] = useState<Way>(invitation() === "" ? "signIn" : "signUp");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    setBusy(true);
    setProblem(null);
    try {
      const account = await enter(way, (name) => String(form.get(name) ?? ""));
      storeAccount(account);
      signedIn(account);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <img src="icon.svg" alt="" width="48" height="48" />
        <h1>{t("welcome")}</h1>
        <p class="soft">{t("welcomeText")}</p>
        <div class="sign-in-ways" role="group">
          {WAYS.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={way === each}
              onClick={() => {
                setWay(each);
                setProblem(null);
              }}
            >
              {t(each)}
            </button>
          ))}
        </div>
        <form onSubmit={submit} key={way}>
          {way === "useToken" ? <TokenField /> : <AccountFields fresh={way === "signUp"} />}
          {reason && !problem && (
            <p class="notice warning">{t("signedOut", { reason })}</p>
          )}
          <p class="notice danger" role="alert" hidden={problem === null}>
            {problem}
          </p>
          <button class="button primary" disabled={busy}>
            {way === "signUp" ? t("signUpAction") : t("signInAction")}
          </button>
        </form>
        <LanguageChoice language={language} />
      </div>
    </main>
  );
}

function TokenField() {
  return (
    <Field label={t("token")} hint={t("tokenHint")}>
      <textarea
        class="input"
        name="token"
        rows={4}
        required
        autocomplete="off"
        spellcheck={false}
      />
    </Field>
  );
}

function AccountFields({ fresh }: { fresh: boolean }) {
  return (
    <>
      <Field label={t("user")} hint={fresh ? t("userHint") : undefined}>
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
      {fresh && (
        <Field label={t("displayName")}>
          <input class="input" name="display_name" maxLength={64} autocomplete="name" dir="auto" />
        </Field>
      )}
      <Field label={t("password")} hint={fresh ? t("passwordHint") : undefined}>
        <input
          class="input"
          name="password"
          type="password"
          required
          minLength={fresh ? 10 : 1}
          maxLength={128}
          autocomplete={fresh ? "new-password" : "current-password"}
        />
      </Field>
      {fresh && (
        <Field label={t("invite")} hint={t("inviteHint")}>
          <input
            class="input"
            name="invite"
            autocomplete="off"
            value={invitation()}
          />
        </Field>
      )}
    </>
  );
}

/** The code of the link with which an administrator has invited somebody: /?invite=CODE */
function invitation(): string {
  return new URLSearchParams(location.search).get("invite") ?? "";
}

function LanguageChoice({ language }: { language: Language }) {
  const other: Language = language === "en" ? "zh" : "en";
  return (
    <button
      type="button"
      class="link-button"
      lang={other === "zh" ? "zh-Hans" : "en"}
      onClick={() => chooseLanguage(other)}
    >
      {other === "zh" ? "中文" : "English"}
    </button>
  );
}

async function enter(way: Way, field: (name: string) => string): Promise<Account> {
  if (way === "useToken") return checkToken(field("token"));
  const signUp = {
    ...(field("display_name") && { display_name: field("display_name") }),
    ...(field("invite") && { invite: field("invite") }),
  };
  const answer = await ask(way === "signUp" ? "v1/accounts" : "v1/sessions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      user: field("user"),
      password: field("password"),
      ...(way === "signUp" && signUp),
    }),
  });
  if (answer.status === 404) throw new Error(t("accountsOff"));
  if (!answer.ok) throw new Error(await readProblem(answer));
  const { token } = (await answer.json()) as { token: string };
  return readToken(token)!;
}

async function checkToken(text: string): Promise<Account> {
  const account = readToken(text);
  if (account === null) throw new Error(t("tokenWrong"));
  if (account.expiresAt !== null && account.expiresAt <= new Date()) {
    throw new Error(t("tokenExpired"));
  }
  const headers = { authorization: `Bearer ${account.token}` };
  const answer = await ask("v1/users/me", { headers });
  if (!answer.ok) throw new Error(await readProblem(answer));
  return account;
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new Error(t("noConnection"));
  }
}

/** What an answer says went wrong (RFC 9457). */
async function readProblem(answer: Response): Promise<string> {
  try {
    const problem = (await answer.json()) as {
      title?: string;
      detail?: string;
      errors?: { field: string; message: string }[];
    };
    const fields = (problem.errors ?? []).map((each) => `${each.field}: ${each.message}`);
    return fields.join("\n") || problem.detail || problem.title || t("failed");
  } catch {
    return t("failed");
  }
}
