// Reads and writes the operators in the text of a search, so that the text stays what is searched
// and the form beside it only edits this text.

export const OPERATORS = [
  "from", "in", "type", "has", "mentions", "before", "after", "on",
] as const;
export type Operator = (typeof OPERATORS)[number];

export const MAX_QUERY = 1024;

interface Token {
  start: number;
  end: number;
  operator: Operator | null;
  value: string;
  isNegated: boolean;
}

// A dash, an operator and its value, quoted or not; or a phrase; or a word.
const TOKEN = /(-?)([a-z]+):("[^"]*"?|\S*)|-?"[^"]*"?|\S+/gu;

/** The value of the first such operator that is not negated; null if there is none. */
export function readOperator(query: string, operator: Operator): string | null {
  return findTokens(query, operator)[0]?.value ?? null;
}

/** Sets an operator, in its old place if it is there already; null removes it. */
export function writeOperator(query: string, operator: Operator, value: string | null): string {
  const text = value === null || value === "" ? "" : `${operator}:${quoteValue(value)}`;
  const found = findTokens(query, operator);
  if (found.length === 0) return joinWords(query, text);
  let result = query;
  for (const token of found.slice().reverse()) {
    const replacement = token === found[0] ? text : "";
    result = `${result.slice(0, token.start)}${replacement}${result.slice(token.end)}`;
  }
  return joinWords(result, "");
}

export function removeOperator(query: string, operator: Operator): string {
  return writeOperator(query, operator, null);
}

/** Whether the query holds anything that the server would search for. */
export function isSearchable(query: string): boolean {
  return /[\p{L}\p{N}\p{S}]/u.test(query);
}

/** An id as it must be written after an operator. */
export function quoteValue(value: string): string {
  return /^[^\s"]+$/u.test(value) ? value : `"${value.replaceAll('"', "")}"`;
}

function findTokens(query: string, operator: Operator): Token[] {
  return readTokens(query).filter((token) => token.operator === operator && !token.isNegated);
}

function readTokens(query: string): Token[] {
  return Array.from(query.matchAll(TOKEN), (match) => {
    const [text, dash, name, value] = match;
    return {
      start: match.index,
      end: match.index + text.length,
      operator: OPERATORS.find((operator) => operator === name) ?? null,
      value: (value ?? "").replaceAll('"', ""),
      isNegated: dash === "-",
    };
  });
}

function joinWords(first: string, second: string): string {
  return `${first} ${second}`.replaceAll(/ {2,}/gu, " ").trim();
}
