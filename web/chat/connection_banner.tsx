// Says when the page is not in step with the server, and what happens next.
import type { ConnectionState, ConnectionStatus } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { showError } from "../shared/toast.tsx";
import { useSelect, useSession } from "./session.ts";
import { t } from "./texts.ts";

// Shorter interruptions, such as a reload, need no banner.
const PATIENCE_MS = 1200;

export function ConnectionBanner() {
  const { client } = useSession();
  const connection = useSelect((state) => state.connection);
  const settled = isSettled(connection);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (settled) {
      setShown(false);
      return undefined;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [settled]);
  return (
    <div class="connection" role="status" data-status={statusOf(connection)}>
      {shown && !settled && (
        <div class="connection-banner">
          <ConnectionText connection={connection} />
          {statusOf(connection) === "waiting" && (
            <button type="button" class="link-button" onClick={() => client.reconnect()}>
              {t("retryNow")}
            </button>
          )}
          {connection.status === "replaced" && (
            <button
              type="button"
              class="link-button"
              onClick={() => void client.start().catch(showError)}
            >
              {t("takeOver")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** The status of the connection, which may be another tab's. */
function statusOf({ status, leader }: ConnectionState): ConnectionStatus {
  return status === "following" && leader !== null ? leader : status;
}

function isSettled(connection: ConnectionState): boolean {
  const status = statusOf(connection);
  return !connection.offline && ["live", "polling", "following", "stopped"].includes(status);
}

function ConnectionText({ connection }: { connection: ConnectionState }) {
  const status = statusOf(connection);
  if (connection.offline) return <span>{t("offline")}</span>;
  if (status === "replaced") return <span>{t("replaced")}</span>;
  if (status === "catching_up") return <span>{t("catchingUp")}</span>;
  if (status === "waiting") return <WaitingText retryAt={connection.retryAt} />;
  return <span>{t("connecting")}</span>;
}

/** Counts down, for the eye only: a screen reader hears the sentence once. */
function WaitingText({ retryAt }: { retryAt: number | null }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = retryAt === null ? 0 : Math.ceil((retryAt - now) / 1000);
  return (
    <>
      <span class="hidden-label">{t("waitingNow")}</span>
      <span aria-hidden="true">{seconds > 0 ? t("waiting", { seconds }) : t("waitingNow")}</span>
    </>
  );
}
