// The chat page.
// The styles that others build on come first.
import "../shared/base.css";
import "../shared/parts.css";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Account, forgetAccount, storedAccount, watchAccount } from "../shared/account.ts";
import { showLanguage, useLanguage } from "../shared/language.ts";
import { SignIn } from "../shared/sign_in.tsx";
import { showTheme } from "../shared/theme.ts";
import { Toasts } from "../shared/toast.tsx";
import { Chat } from "./chat.tsx";
import { t } from "./texts.ts";

function Page() {
  useLanguage();
  const [account, setAccount] = useState<Account | null>(storedAccount);
  const [reason, setReason] = useState<string>();
  useEffect(
    () =>
      watchAccount(() => {
        const now = storedAccount();
        setReason(now === null ? t("otherTab") : undefined);
        setAccount((before) => (before?.token === now?.token ? before : now));
      }),
    [],
  );
  return (
    <>
      {account === null ? (
        <SignIn
          reason={reason}
          signedIn={(next) => {
            setReason(undefined);
            setAccount(next);
          }}
        />
      ) : (
        <Chat
          key={account.user}
          account={account}
          signOut={(why) => {
            forgetAccount();
            setReason(why);
            setAccount(null);
          }}
        />
      )}
      <Toasts />
    </>
  );
}

showTheme();
showLanguage();
render(<Page />, document.getElementById("page")!);
