// A picture of a person or group: their own, or the first letter of the name on a colour.
import type { RefObject } from "preact";
import { useState } from "preact/hooks";

export interface AvatarProps {
  /** Chooses the colour. */
  id: string;
  name: string;
  /** An https address, or that of bytes which the page has. */
  picture?: string | null | undefined;
  kind?: "person" | "group";
  size?: number;
  online?: boolean | undefined;
  place?: RefObject<HTMLSpanElement | null>;
}

// Each has a contrast of at least 4.5 with white.
const COLORS = [
  "#0b6e69", "#8a4b08", "#6d3fb5", "#a3265c", "#1f5fae", "#3f6b1f", "#a33a1f", "#4a5568",
  "#7a3e9d", "#00687a", "#8b2f2f", "#35558a",
];

export function Avatar(props: AvatarProps) {
  const { id, name, picture, kind = "person", size = 40, online, place } = props;
  const [broken, setBroken] = useState<string | null>(null);
  const isShown = picture != null && /^(https|blob):/iu.test(picture) && picture !== broken;
  const shown = isShown ? picture : null;
  return (
    <span
      ref={place}
      class={`avatar ${kind}`}
      style={{ "--avatar-size": `${size}px`, "--avatar-color": COLORS[hash(id) % COLORS.length] }}
      aria-hidden="true"
    >
      {shown === null ? firstLetter(name) : (
        <img src={shown} alt="" loading="lazy" onError={() => setBroken(shown)} />
      )}
      {online && <span class="presence-dot" />}
    </span>
  );
}

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)!) >>> 0;
  return sum;
}

const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Of names that begin with a date or a number, the first letter tells more than the digit. */
function firstLetter(name: string): string {
  const lettered = name.slice(Math.max(0, name.search(/\p{L}/u)));
  const told = /^\p{N}/u.test(name.trim()) ? lettered : name.trim();
  const first = letters.segment(told)[Symbol.iterator]().next();
  return first.done ? "?" : first.value.segment.toUpperCase();
}
