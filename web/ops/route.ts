// The address of a page is in the hash: `#/conversations/lunch/3?as=bob`.

export type Route = { path: readonly string[]; query: URLSearchParams };

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").filter((part) => part !== "");
  return { path: parts.map(decode), query: new URLSearchParams(query) };
}

export function linkTo(path: readonly (string | number)[], query: Record<string, string> = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(filled).toString();
  const joined = path.map((part) => encodeURIComponent(part)).join("/");
  return `#/${joined}${search === "" ? "" : `?${search}`}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A percent sign that somebody typed.
    return part;
  }
}
