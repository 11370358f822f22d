// Times as people read them, in the language of the page.
import { language, locale } from "../shared/language.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  const key = `${language()} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale(), options);
    formats.set(key, found);
  }
  return found.format(date);
}

/** The day of a time in the reader's time zone, as YYYY-MM-DD. */
export function dayOf(time: string | Date): string {
  const date = new Date(time);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

export function clockTime(time: string): string {
  return format(new Date(time), { hour: "numeric", minute: "2-digit" });
}

export function fullTime(time: string | Date): string {
  return format(new Date(time), { dateStyle: "full", timeStyle: "short" });
}

/** The heading of a day: today, yesterday, a weekday with the date, or with the year. */
export function dayName(day: string, today = new Date()): string {
  const date = new Date(`${day}T12:00:00`);
  const days = Math.round((Date.parse(`${dayOf(today)}T12:00:00`) - date.getTime()) / 86_400_000);
  if (days === 0 || days === 1) {
    const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
    return capitalise(relative.format(-days, "day"));
  }
  const year = date.getFullYear() === today.getFullYear() ? {} : { year: "numeric" as const };
  return format(date, { weekday: "long", day: "numeric", month: "long", ...year });
}

/** A time beside a conversation: the clock today, then a weekday, then a date. */
export function shortTime(time: string, today = new Date()): string {
  const date = new Date(time);
  if (dayOf(date) === dayOf(today)) return clockTime(time);
  if (today.getTime() - date.getTime() < 6 * 86_400_000) return format(date, { weekday: "short" });
  if (date.getFullYear() === today.getFullYear()) {
    return format(date, { day: "numeric", month: "short" });
  }
  return format(date, { day: "numeric", month: "numeric", year: "numeric" });
}

/** How long ago a time was: "3 minutes ago". */
export function agoText(time: string, now = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  if (seconds > -3600) return relative.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

function capitalise(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
