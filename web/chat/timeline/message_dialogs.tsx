// The dialogs of a message: recall, who has read it, earlier versions, report.
import type { Receipts, StoredMessage } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { ConfirmDialog, Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { showError, showToast } from "../../shared/toast.tsx";
import { UserAvatar, UserName } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { fullTime } from "../time.ts";

export type MessageDialogName = "recall" | "receipts" | "versions" | "report";

interface MessageDialogProps {
  message: StoredMessage;
  close: () => void;
}

export function MessageDialogs(props: MessageDialogProps & { name: MessageDialogName }) {
  const { name, message, close } = props;
  switch (name) {
    case "recall":
      return <RecallDialog message={message} close={close} />;
    case "receipts":
      return <ReceiptsDialog message={message} close={close} />;
    case "versions":
      return <VersionsDialog message={message} close={close} />;
    case "report":
      return <ReportDialog message={message} close={close} />;
  }
}

function RecallDialog({ message, close }: MessageDialogProps) {
  const { client } = useSession();
  return (
    <ConfirmDialog
      title={t("recallTitle")}
      text={t("recallText")}
      action={t("recall")}
      danger
      confirm={() => client.messages.recall(message.conversation_id, message.seq)}
      close={close}
    />
  );
}

function ReceiptsDialog({ message, close }: MessageDialogProps) {
  const { client } = useSession();
  const [receipts, setReceipts] = useState<Receipts | null>(null);
  useEffect(() => {
    client.messages.receipts(message.conversation_id, message.seq).then(setReceipts, (error) => {
      showError(error);
      close();
    });
  }, []);
  if (receipts === null) {
    return (
      <Dialog title={t("receipts")} close={close}>
        <p class="soft">{t("loading")}</p>
      </Dialog>
    );
  }
  const { read, delivered, read_count, delivered_count, recipient_count } = receipts;
  const onlyDelivered = delivered.filter((user) => !read.includes(user));
  return (
    <Dialog title={t("readBy", { count: read_count, all: recipient_count })} close={close}>
      <UserList title={t("readTitle")} users={read} />
      {onlyDelivered.length > 0 && <UserList title={t("deliveredTitle")} users={onlyDelivered} />}
      {recipient_count > delivered_count && (
        <p class="soft">{t("notDeliveredTitle", { count: recipient_count - delivered_count })}</p>
      )}
    </Dialog>
  );
}

function UserList({ title, users }: { title: string; users: readonly string[] }) {
  return (
    <section>
      <h3 class="list-heading">{title}</h3>
      {users.length === 0 && <p class="soft">{t("nobodyYet")}</p>}
      <ul class="user-list">
        {users.map((user) => (
          <li key={user}>
            <UserAvatar user={user} size={28} />
            <UserName user={user} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function VersionsDialog({ message, close }: MessageDialogProps) {
  const { client } = useSession();
  const [versions, setVersions] = useState<Versions>([]);
  useEffect(() => {
    client.messages.versions(message.conversation_id, message.seq).then(setVersions, (error) => {
      showError(error);
      close();
    });
  }, []);
  return (
    <Dialog title={t("versions")} close={close}>
      <ol class="versions">
        {versions.map((version) => (
          <li key={version.position}>
            <time class="soft" dateTime={version.at}>
              {fullTime(version.at)}
            </time>
            <p dir="auto">{(version.body as { text?: string } | null)?.text ?? t("recalled")}</p>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

type Versions = readonly { at: string; body: object | null; position: number }[];
type Reason = "spam" | "abuse" | "illegal" | "other";
const REASONS = [
  ["spam", "reasonSpam"],
  ["abuse", "reasonAbuse"],
  ["illegal", "reasonIllegal"],
  ["other", "reasonOther"],
] as const;

function ReportDialog({ message, close }: MessageDialogProps) {
  const { client } = useSession();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const note = String(form.get("note")).trim();
    close();
    client.messages
      .report(
        message.conversation_id,
        message.seq,
        form.get("reason") as Reason,
        note === "" ? undefined : note,
      )
      .then(() => showToast(t("reported")), showError);
  };
  return (
    <Dialog title={t("reportTitle")} close={close}>
      <p>{t("reportText")}</p>
      <form class="dialog-form" onSubmit={submit}>
        <Field label={t("reportReason")}>
          <select class="input" name="reason">
            {REASONS.map(([reason, label]) => (
              <option key={reason} value={reason}>
                {t(label)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("note")}>
          <textarea class="input" name="note" rows={3} maxLength={1000} dir="auto" />
        </Field>
        <button class="button danger">{t("report")}</button>
      </form>
    </Dialog>
  );
}
