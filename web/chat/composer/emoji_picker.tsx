// A grid of emoji above everything, found by words. Arrow keys move in it.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { placeBeside } from "../../shared/menu.tsx";
import { t } from "../texts.ts";
import { EMOJI_GROUPS, type EmojiGroup } from "./emoji.ts";
import "./emoji_picker.css";

interface EmojiPickerProps {
  anchor: Element | null;
  choose: (sign: string) => void;
  close: () => void;
}

const COLUMNS = 8;

export function EmojiPicker({ anchor, choose, close }: EmojiPickerProps) {
  const picker = useRef<HTMLDivElement>(null);
  const [words, setWords] = useState("");
  const groups = findEmoji(words);
  useLayoutEffect(() => {
    const element = picker.current!;
    element.showPopover();
    if (anchor !== null) placeBeside(element, anchor.getBoundingClientRect());
    element.querySelector("input")!.focus();
  }, []);
  useEffect(() => {
    const onOutside = (event: Event) => {
      const target = event.target as Node;
      if (!picker.current?.contains(target) && !anchor?.contains(target)) close();
    };
    addEventListener("pointerdown", onOutside, true);
    return () => removeEventListener("pointerdown", onOutside, true);
  });
  return (
    <div
      ref={picker}
      class="emoji-picker"
      role="dialog"
      aria-label={t("emoji")}
      popover="manual"
      onKeyDown={(event) => onPickerKey(event, picker.current!, close)}
    >
      <input
        type="search"
        class="input"
        aria-label={t("emojiSearch")}
        placeholder={t("emojiSearch")}
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      <div class="emoji-groups">
        {groups.length === 0 && <p class="soft">{t("noEmoji")}</p>}
        {groups.map((group) => (
          <section key={group.name} aria-label={t(group.name)}>
            <h3>{t(group.name)}</h3>
            <div class="emoji-grid">
              {group.emoji.map(({ sign, words }) => (
                <button
                  key={sign}
                  type="button"
                  tabIndex={-1}
                  aria-label={`${sign} ${words}`}
                  onClick={() => {
                    close();
                    choose(sign);
                  }}
                >
                  {sign}
                </button>
              ))}
            </div>
          </section>
        ))}
      </div>
    </div>
  );
}

/** The groups with the emoji that have a word that begins with each of the words. */
export function findEmoji(words: string): EmojiGroup[] {
  const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return EMOJI_GROUPS;
  return EMOJI_GROUPS.flatMap((group) => {
    const emoji = group.emoji.filter((each) => {
      const known = each.words.split(" ");
      return wanted.every((word) => known.some((other) => other.startsWith(word)));
    });
    return emoji.length > 0 ? [{ ...group, emoji }] : [];
  });
}

function onPickerKey(event: KeyboardEvent, picker: HTMLElement, close: () => void): void {
  event.stopPropagation();
  if (event.isComposing) return;
  const buttons = [...picker.querySelectorAll<HTMLElement>(".emoji-grid button")];
  const at = buttons.findIndex((button) => button === document.activeElement);
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    close();
  } else if (event.key === "Enter" && at < 0) {
    event.preventDefault();
    buttons[0]?.click();
  } else {
    const next = nextButton(event.key, buttons, at);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }
}

function nextButton(key: string, buttons: HTMLElement[], at: number): HTMLElement | undefined {
  if (at < 0) return key === "ArrowDown" ? buttons[0] : undefined;
  const steps: Record<string, number> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: COLUMNS,
    ArrowUp: -COLUMNS,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  return buttons[Math.min(Math.max(0, at + step), buttons.length - 1)];
}
