// Reads the text format of Prometheus, as `GET /metrics` answers it.

export type Labels = Record<string, string>;

/** One line: the labels of a series and its value. */
export type Sample = { labels: Labels; value: number };

/** The series of an answer by the name of their metric. */
export type Exposition = ReadonlyMap<string, readonly Sample[]>;

/** Which series of a metric are meant: those with all of these labels. */
export type Match = Record<string, string | RegExp>;

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)\s*/y;
const ESCAPES: Record<string, string> = { n: "\n", '"': '"', "\\": "\\" };

export function parseExposition(text: string): Exposition {
  const series = new Map<string, Sample[]>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, name, labels, value] = SAMPLE.exec(line) ?? [];
    const number = parseValue(value);
    const parsed = parseLabels(labels ?? "");
    if (name === undefined || number === null || parsed === null) {
      throw new Error(`Line ${index + 1} of the metrics is not a sample: ${line.slice(0, 80)}`);
    }
    const samples = series.get(name);
    if (samples === undefined) series.set(name, [{ labels: parsed, value: number }]);
    else samples.push({ labels: parsed, value: number });
  }
  return series;
}

function parseValue(text: string | undefined): number | null {
  if (text === "+Inf" || text === "Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  if (text === "NaN") return NaN;
  if (text === undefined || !/^[-+]?(\d|\.\d)/.test(text)) return null;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

function parseLabels(text: string): Labels | null {
  const labels: Labels = {};
  LABEL.lastIndex = 0;
  let end = 0;
  while (end < text.length) {
    const found = LABEL.exec(text);
    if (found === null) return null;
    const [, name = "", value = ""] = found;
    labels[name] = value.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? `\\${letter}`);
    end = LABEL.lastIndex;
  }
  return labels;
}

export function matches(labels: Labels, match: Match): boolean {
  return Object.entries(match).every(([name, wanted]) => {
    const value = labels[name] ?? "";
    return typeof wanted === "string" ? value === wanted : wanted.test(value);
  });
}

/** The sum of a metric over the series that match; null without any. */
export function sum(exposition: Exposition, name: string, match: Match = {}): number | null {
  let total: number | null = null;
  for (const { labels, value } of exposition.get(name) ?? []) {
    if (matches(labels, match)) total = (total ?? 0) + value;
  }
  return total;
}

/** The largest value of a metric, for gauges that several parts report; null without any. */
export function largest(exposition: Exposition, name: string, match: Match = {}): number | null {
  let found: number | null = null;
  for (const { labels, value } of exposition.get(name) ?? []) {
    if (matches(labels, match) && (found === null || value > found)) found = value;
  }
  return found;
}

/** The sums of a metric by the values of one label. */
export function sumBy(exposition: Exposition, name: string, label: string, match: Match = {}) {
  const sums = new Map<string, number>();
  for (const { labels, value } of exposition.get(name) ?? []) {
    if (!matches(labels, match)) continue;
    const key = labels[label] ?? "";
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return sums;
}
