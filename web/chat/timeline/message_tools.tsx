// The buttons beside the message that has the pointer or the focus.
import type { StoredMessage } from "@tidings/client";
import { useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "../../shared/icon.tsx";
import { Menu } from "../../shared/menu.tsx";
import { EmojiPicker } from "../composer/emoji_picker.tsx";
import { QUICK_REACTIONS } from "../composer/emoji.ts";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { type MessageContext, isModerator } from "./message_context.ts";
import type { MessageDialogName } from "./message_dialogs.tsx";
import { messageMenu } from "./message_menu.ts";
import { toggleReaction } from "./reactions.tsx";

interface MessageToolsProps {
  message: StoredMessage;
  context: MessageContext;
  openDialog: (name: MessageDialogName) => void;
}

const SHOWN_REACTIONS = 3;

export function MessageTools({ message, context, openDialog }: MessageToolsProps) {
  const session = useSession();
  const { account, openThread } = session;
  const usable = !message.recalled && (context.canWrite || isModerator(context));
  const own = message.sender === account.user;
  const items = messageMenu({ session, message, context, openDialog, own });
  return (
    <div class="message-tools" role="toolbar" aria-label={t("messageMenu")}>
      {!message.recalled && <ReactionTools message={message} />}
      {usable && <Tool icon="reply" label={t("reply")} run={() => context.reply(message)} />}
      {usable && !context.inThread && (
        <Tool
          icon="thread"
          label={t("thread")}
          run={() => openThread(context.conversation, message.seq)}
        />
      )}
      <Menu label={t("messageMenu")} class="tool" items={items} />
    </div>
  );
}

function Tool({ icon, label, run }: { icon: IconName; label: string; run: () => void }) {
  return (
    <button type="button" class="tool" aria-label={label} title={label} onClick={run}>
      <Icon name={icon} size={18} />
    </button>
  );
}

/** The most common reactions, and all others. */
function ReactionTools({ message }: { message: StoredMessage }) {
  const { client } = useSession();
  const [picking, setPicking] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  const react = (sign: string) => toggleReaction(client, message, sign);
  return (
    <>
      {QUICK_REACTIONS.slice(0, SHOWN_REACTIONS).map((sign) => (
        <button
          key={sign}
          type="button"
          class="tool"
          aria-label={t("reactWith", { sign })}
          onClick={() => react(sign)}
        >
          {sign}
        </button>
      ))}
      <button
        ref={more}
        type="button"
        class="tool"
        aria-label={t("moreReactions")}
        aria-haspopup="dialog"
        aria-expanded={picking}
        onClick={() => setPicking(!picking)}
      >
        <Icon name="emoji" size={18} />
      </button>
      {picking && (
        <EmojiPicker
          anchor={more.current}
          choose={react}
          close={() => {
            setPicking(false);
            more.current?.focus();
          }}
        />
      )}
    </>
  );
}
