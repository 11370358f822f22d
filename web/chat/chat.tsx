// The chat of one signed-in user: the sync core, started and stopped, and the shell around it.
import { TidingsClient } from "@tidings/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Account, readToken, storeAccount, storedAccount } from "../shared/account.ts";
import { showError } from "../shared/toast.tsx";
import { forgetDrafts } from "./composer/drafts.ts";
import { forgetFiles } from "./files/file_urls.ts";
import { watchNotices } from "./notices.ts";
import {
  forgetNotifications,
  pauseNotifications,
  renew,
  watchNotifications,
} from "./notifications/notifications.ts";
import { openConversation, openPanel, openThread } from "./route.ts";
import { type ChatSession, SessionProvider } from "./session.ts";
import { Shell } from "./shell.tsx";
import { Splash } from "./splash.tsx";
import { t } from "./texts.ts";

/** In memory and in the store of the browser; older ones are loaded again when they are wanted. */
const MOST_MESSAGES = 4_000;

interface ChatProps {
  account: Account;
  signOut: (reason?: string) => void;
}

export function Chat({ account, signOut }: ChatProps) {
  const session = useMemo(() => makeSession(account, signOut), []);
  const [started, setStarted] = useState(false);
  useEffect(() => {
    const { client } = session;
    client.start().then(() => {
      setStarted(true);
      // The next start tries again.
      renew(client, account.user).catch((error) => console.warn("No notifications:", error));
    }, showError);
    const stopNotices = watchNotices(client);
    const stopNotifications = watchNotifications(client, account.user);
    const stopWatching = client.subscribe(
      (state) => state.connection.status,
      (status) => {
        if (status === "signed_out") session.signOut(t("signInAgain"));
        if (status === "refused") session.signOut(t("refused"));
      },
    );
    return () => {
      stopNotices();
      stopNotifications();
      stopWatching();
      client.stop().catch(showError);
    };
  }, []);
  return (
    <SessionProvider value={session}>
      {started ? <Shell /> : <Splash />}
    </SessionProvider>
  );
}

function makeSession(account: Account, signOut: (reason?: string) => void): ChatSession {
  const source = tokenSource();
  const { origin: url } = location;
  const client = new TidingsClient({ url, token: source, maxMessages: MOST_MESSAGES });
  return {
    account,
    client,
    api: client.api,
    signOut: (reason) => {
      // An account that was refused keeps what it has not sent yet and has chosen; one that leaves
      // does not.
      const leaves = reason === undefined;
      if (leaves) forgetDrafts(account.user);
      forgetFiles();
      const ended = leaves ? client.signOut() : Promise.resolve();
      const silence = leaves ? forgetNotifications : pauseNotifications;
      Promise.all([ended, silence(account.user)]).catch(showError).finally(() => signOut(reason));
    },
    openConversation,
    openPanel,
    openThread,
    changeToken: (token) => {
      const next = readToken(token);
      if (next !== null) storeAccount(next);
      client.signIn(source).catch(showError);
    },
  };
}

const RENEWAL_MS = 3_000;
const LOOK_MS = 100;

/** Gives the token of this browser, which another tab may have renewed. */
function tokenSource() {
  let given: string | null = null;
  return async (reason: "start" | "expiring" | "refused"): Promise<string> => {
    if (reason === "refused") await waitForOther(given);
    const account = storedAccount();
    const expired = account?.expiresAt != null && account.expiresAt <= new Date();
    const refused = reason === "refused" && account?.token === given;
    if (account === null || expired || refused) throw new Error(t("signInAgain"));
    given = account.token;
    return given;
  };
}

/** A change of the password ends the old token a moment before its answer brings the new one. */
async function waitForOther(token: string | null): Promise<void> {
  const end = Date.now() + RENEWAL_MS;
  while (storedAccount()?.token === token && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
