// Numbers, times and sizes as the reader's language writes them.
import { locale } from "../shared/language.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatNumber(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toLocaleString(locale(), { maximumFractionDigits: digits });
}

/** With as many digits as the value needs: 0.12, 3.4, 120. */
export function formatRate(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return formatNumber(value, value >= 100 ? 0 : value >= 1 ? 1 : 2);
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "–";
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${formatNumber(value, value >= 100 || unit === 0 ? 0 : 1)} ${UNITS[unit]}`;
}

export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return inUnit(seconds, "second", seconds < 10 ? 1 : 0);
  if (seconds < 3600) return inUnit(seconds / 60, "minute");
  if (seconds < 86_400) return inUnit(seconds / 3600, "hour", 1);
  return inUnit(seconds / 86_400, "day", 1);
}

function inUnit(value: number, unit: string, digits = 0): string {
  const options = { style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits: digits };
  return value.toLocaleString(locale(), options as Intl.NumberFormatOptions);
}

export function formatTime(at: string | number | Date | null | undefined): string {
  if (at === null || at === undefined) return "–";
  return new Date(at).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "medium" });
}

/** A time as the field `datetime-local` has it, which knows no zones: the reader's own. */
export function toLocalField(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/** A time of a field `datetime-local` as RFC 3339; empty if it is. */
export function fromLocalField(text: string): string {
  return text === "" ? "" : new Date(text).toISOString();
}
