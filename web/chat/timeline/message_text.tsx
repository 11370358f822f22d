// The text of a message: links, mentions, and emoji alone shown large.
import type { ComponentChildren } from "preact";

interface MessageTextProps {
  text: string;
  mentions: string[];
  nameOf: (user: string) => string;
  me: string;
  /** Whether Tab reaches what is inside: only in the message that has the focus. */
  tabbable: boolean;
  openPerson: (user: string) => void;
}

const LINK = /\bhttps?:\/\/[^\s<>"']+/giu;
const EMOJI_ALONE = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;
const LONGEST_EMOJI_TEXT = 60;

export function MessageText(props: MessageTextProps) {
  const { text } = props;
  const large = text.length <= LONGEST_EMOJI_TEXT && EMOJI_ALONE.test(text.trim());
  const parts = splitByLinks(text).flatMap((part, at) =>
    part.link
      ? [<Link key={`l${at}`} address={part.text} tabbable={props.tabbable} />]
      : showMentions(part.text, props, at),
  );
  return (
    <div class={`message-text ${large ? "large" : ""}`} dir="auto">
      {parts}
    </div>
  );
}

function Link({ address, tabbable }: { address: string; tabbable: boolean }) {
  return (
    <a
      href={address}
      target="_blank"
      rel="noopener noreferrer nofollow"
      tabIndex={tabbable ? 0 : -1}
    >
      {address}
    </a>
  );
}

interface Part {
  text: string;
  link: boolean;
}

export function splitByLinks(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    // Punctuation after a link ends the sentence, not the address.
    const address = match[0].replace(/[.,;:!?，。；：！？、)\]}»”’]+$/u, "");
    if (!URL.canParse(address)) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index), link: false });
    parts.push({ text: address, link: true });
    from = match.index + address.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), link: false });
  return parts;
}

function showMentions(text: string, props: MessageTextProps, at: number): ComponentChildren[] {
  const { mentions, nameOf, me, tabbable, openPerson } = props;
  if (mentions.length === 0) return [text];
  const longestFirst = mentions.toSorted((one, other) => other.length - one.length);
  const pattern = new RegExp(`@(${longestFirst.map(escape).join("|")})`, "gu");
  return text.split(pattern).map((part, index) =>
    index % 2 === 0 ? part : (
      <button
        key={`m${at}-${index}`}
        type="button"
        class={`mention ${part === me ? "mine" : ""}`}
        tabIndex={tabbable ? 0 : -1}
        onClick={() => openPerson(part)}
      >
        @{nameOf(part)}
      </button>
    ),
  );
}

/** For a regular expression with the flag u. */
function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
