// The file of a message, as its body names it, and how its size is written.
import type { StoredMessage } from "@tidings/client";
import { locale } from "../../shared/language.ts";

export interface MessageFile {
  id: string;
  kind: "image" | "audio" | "video" | "file";
  name: string;
  /** The media type that the bytes have. */
  mime: string;
  size: number | null;
  /** Of an image, in pixels. */
  width: number | null;
  height: number | null;
  /** What the sender says about it. */
  caption: string | null;
  /** What it shows, for those who do not see it. */
  alt: string | null;
}

const KINDS = ["image", "audio", "video", "file"] as const;

/** Null if the message has none, or nobody can see it any more. */
export function readFile(
  message: Pick<StoredMessage, "type" | "body" | "recalled">,
): MessageFile | null {
  const kind = KINDS.find((known) => known === message.type);
  if (kind === undefined || message.body === null || message.recalled) return null;
  const body = message.body as Record<string, unknown>;
  const text = (key: string) => (typeof body[key] === "string" ? body[key] : null);
  const number = (key: string) => (typeof body[key] === "number" ? body[key] : null);
  const id = text("file");
  if (id === null) return null;
  return {
    ...{ id, kind, name: text("name") ?? "", mime: text("mime") ?? "" },
    ...{ caption: text("text"), alt: text("alt") },
    ...{ size: number("size"), width: number("width"), height: number("height") },
  };
}

/** The types of which the server makes smaller versions. */
const PREVIEWED = ["image/jpeg", "image/png", "image/gif", "image/webp"];

export function hasPreview(file: MessageFile): boolean {
  return PREVIEWED.includes(file.mime);
}

const UNITS = ["B", "KB", "MB", "GB"] as const;

/** "1.5 MB". */
export function formatSize(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  const number = new Intl.NumberFormat(locale(), { maximumFractionDigits: digits });
  return `${number.format(value)} ${UNITS[unit]}`;
}

/** "40 %", as the language writes it. */
export function formatShare(part: number, all: number): string {
  const share = all > 0 ? Math.min(1, part / all) : 0;
  return new Intl.NumberFormat(locale(), { style: "percent" }).format(share);
}

/** The size in which an image is drawn: within the bounds, and never larger than it is. */
export function fitWithin(
  size: { width: number | null; height: number | null },
  most: { width: number; height: number },
): { width: number; height: number } | null {
  const { width, height } = size;
  if (!width || !height) return null;
  const scale = Math.min(1, most.width / width, most.height / height);
  const least = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: least(width), height: least(height) };
}
