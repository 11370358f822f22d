// Times and durations as users of a language write them.

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A number of seconds in its largest whole unit: `1 minute 30 seconds` is `90 seconds`. */
export function formatDuration(seconds: number, locale: string): string {
  const found = UNITS.find(([, size]) => seconds >= size && seconds % size === 0);
  const [unit, size] = found ?? (["second", 1] as const);
  const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
  return format.format(seconds / size);
}

/** How long ago a time was, roughly: `3 hours ago`, `yesterday`. */
export function formatAgo(time: string, now: number, locale: string): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const found = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  const [unit, size] = found ?? (["second", 1] as const);
  return format.format(Math.trunc(seconds / size), unit);
}

/** A day and a time of day, short, in the reader's time zone. */
export function formatMoment(time: string | number, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(time));
}

/** The same with seconds, where events follow each other closely. */
export function formatExactMoment(time: string | number, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  return format.format(new Date(time));
}

/** A time as `<input type="datetime-local">` has it: local, with minutes or seconds. */
export function toLocalInput(time: number, withSeconds = false): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${day}T${clock}${withSeconds ? `:${two(date.getSeconds())}` : ""}`;
}

/** The time that such an input holds, as the API takes it; null if it holds none. */
export function fromLocalInput(value: string): string | null {
  const time = value === "" ? Number.NaN : new Date(value).getTime();
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** The names of all time zones, with the given one even if this browser does not know it. */
export function listTimeZones(current: string | null): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  const zones = new Set([...known, "UTC", ...(current === null ? [] : [current])]);
  return Array.from(zones).sort();
}
