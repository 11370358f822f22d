// The operations console.
// The styles that others build on come first.
import "../shared/base.css";
import "../shared/parts.css";
import "./console.css";
import { ApiError } from "@tidings/client";
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { forgetAccount, storedAccount, watchAccount, type Account } from "../shared/account.ts";
import { showLanguage, useLanguage } from "../shared/language.ts";
import { SignIn } from "../shared/sign_in.tsx";
import { showTheme } from "../shared/theme.ts";
import { Toasts } from "../shared/toast.tsx";
import { Monitor, MonitorContext, useWatched } from "./data/monitor.ts";
import { takeSetupCode, useSetup } from "./data/place.ts";
import { Session, SessionContext } from "./data/session.ts";
import { Setup } from "./pages/setup.tsx";
import { Shell } from "./shell.tsx";
import { t } from "./texts/setup.ts";

const code = takeSetupCode();

function Console() {
  useLanguage();
  const setup = useSetup();
  const [account, setAccount] = useState(storedAccount);
  const [reason, setReason] = useState<string | undefined>();
  const [isSettingUp, setSettingUp] = useState(code !== null);
  useEffect(() => watchAccount(() => setAccount(storedAccount())), []);
  useEffect(() => {
    if (setup === "needed" && account === null) setSettingUp(true);
  }, [setup]);
  const signOut = (why?: string) => {
    forgetAccount();
    setReason(why);
    setAccount(null);
  };
  if (isSettingUp) {
    return (
      <Setup code={code ?? ""} began={setAccount} finished={() => setSettingUp(false)} />
    );
  }
  if (account === null) return <SignIn signedIn={setAccount} reason={reason} />;
  return <SignedIn key={account.token} account={account} signOut={signOut} />;
}

interface SignedInProps {
  account: Account;
  signOut: (reason?: string) => void;
}

function SignedIn({ account, signOut }: SignedInProps) {
  const session = useMemo(() => new Session(account, signOut), [account]);
  const monitor = useMemo(() => new Monitor(session), [session]);
  useEffect(() => {
    monitor.start();
    return () => monitor.stop();
  }, [monitor]);
  return (
    <SessionContext.Provider value={session}>
      <MonitorContext.Provider value={monitor}>
        <ForAdministrators account={account} signOut={signOut} />
      </MonitorContext.Provider>
    </SessionContext.Provider>
  );
}

/** Only the server knows who is an administrator: the scope may have another name. */
function ForAdministrators({ account, signOut }: SignedInProps) {
  const { statusError } = useWatched();
  if (!(statusError instanceof ApiError) || statusError.status !== 403) return <Shell />;
  return (
    <main class="setup">
      <div class="setup-card">
        <h1>{t("forbiddenTitle")}</h1>
        <p class="notice warning">{t("forbidden", { user: account.user })}</p>
        <div class="form-actions">
          <a class="button" href="/">
            {t("chat")}
          </a>
          <button type="button" class="button primary" onClick={() => signOut()}>
            {t("other")}
          </button>
        </div>
      </div>
    </main>
  );
}

showTheme();
showLanguage();
render(
  <>
    <Console />
    <Toasts />
  </>,
  document.getElementById("page")!,
);
