// The buttons beside the message that has the pointer or the focus.
import type { StoredMessage } from "@tidings/client";
import { useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
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
  const { client, account, openThread } = session;
  const [picking, setPicking] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  const { conversation, inThread } = context;
  const usable = !message.recalled && (context.canWrite || isModerator(context));
  return (
    <div class="message-tools" role="toolbar" aria-label={t("messageMenu")}>
      {!message.recalled && (
        <>
          {QUICK_REACTIONS.slice(0, SHOWN_REACTIONS).map((sign) => (
            <button
              key={sign}
              type="button"
              class="tool"
              aria-label={t("reactWith", { sign })}
              onClick={() => toggleReaction(client, message, sign)}
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
        </>
      )}
      {usable && (
        <button
          type="button"
          class="tool"
          aria-label={t("reply")}
          title={t("reply")}
          onClick={() => context.reply(message)}
        >
          <Icon name="reply" size={18} />
        </button>
      )}
      {usable && !inThread && (
        <button
          type="button"
          class="tool"
          aria-label={t("thread")}
          title={t("thread")}
          onClick={() => openThread(conversation, message.seq)}
        >
          <Icon name="thread" size={18} />
        </button>
      )}
      <Menu
        label={t("messageMenu")}
        class="tool"
        items={messageMenu({ session, message, context, openDialog, own: message.sender === account.user })}
      />
      {picking && (
        <EmojiPicker
          anchor={more.current}
          choose={(sign) => toggleReaction(client, message, sign)}
          close={() => {
            setPicking(false);
            more.current?.focus();
          }}
        />
      )}
    </div>
  );
}
