// The limits of the server, so that a form can say what is wrong before it asks. The server checks
// again, and its answer is shown where this file knows less.

export type Fault =
  | "too_long"
  | "too_short"
  | "invisible"
  | "not_https"
  | "not_a_locale"
  | "not_an_id"
  | "not_a_number"
  | "required";

export interface Limits {
  min?: number;
  max?: number;
}

export const LIMITS = {
  displayName: { min: 1, max: 64 },
  about: { max: 300 },
  note: { max: 200 },
  title: { max: 200 },
  topic: { max: 500 },
  password: { min: 10, max: 128 },
  retentionDays: { min: 1, max: 3650 },
  linkUses: { min: 1, max: 1_000_000 },
} as const satisfies Record<string, Limits>;

/** The number of code points, in which the server counts. */
export function countPoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export function checkLength(text: string, limits: Limits): Fault | null {
  const count = countPoints(text);
  if (limits.min !== undefined && count < limits.min) return count === 0 ? "required" : "too_short";
  if (limits.max !== undefined && count > limits.max) return "too_long";
  return null;
}

/** A display name; the empty one means none. */
export function checkDisplayName(text: string): Fault | null {
  if (text === "") return null;
  return isInvisible(text) ? "invisible" : checkLength(text, LIMITS.displayName);
}

/** An address of a picture; the empty one means none. */
export function checkPicture(text: string): Fault | null {
  if (text === "") return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === "https:" && url.hostname !== "" ? null : "not_https";
}

/** A BCP 47 tag; the empty one means none. */
export function checkLocale(text: string): Fault | null {
  if (text === "") return null;
  try {
    return Intl.getCanonicalLocales(text).length === 1 ? null : "not_a_locale";
  } catch {
    return "not_a_locale";
  }
}

/** An id that a client may choose for a group; the empty one lets the server choose. */
export function checkGroupId(text: string): Fault | null {
  if (text === "") return null;
  return /^[A-Za-z0-9_.-]{1,64}$/u.test(text) && !text.startsWith("d_") ? null : "not_an_id";
}

export function checkWholeNumber(text: string, limits: Limits): Fault | null {
  if (!/^\d{1,9}$/u.test(text)) return "not_a_number";
  const number = Number(text);
  if (limits.min !== undefined && number < limits.min) return "too_short";
  if (limits.max !== undefined && number > limits.max) return "too_long";
  return null;
}

/** Whether nothing of a text can be seen. */
export function isInvisible(text: string): boolean {
  return /^[\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]*$/u.test(text);
}

/** The code of a link: itself, or an address that ends with it. */
export function readLinkCode(text: string): string {
  const trimmed = text.trim();
  const match = /[/#=]([^/#=?&\s]+)\/?$/u.exec(trimmed);
  return match?.[1] === undefined ? trimmed : decodeURIComponent(match[1]);
}
