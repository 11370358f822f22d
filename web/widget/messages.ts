// What the page that embeds the widget (loader.ts) and the frame (main.tsx) say to each other.

/** Why the frame needs a token. */
export type TokenReason = "start" | "expiring" | "refused";

export type ToHost =
  | { tidings: "token"; reason: TokenReason }
  | { tidings: "unread"; count: number }
  | { tidings: "close" };

export type ToFrame =
  /** Null if the page has none. */
  | { tidings: "token"; token: string | null }
  | { tidings: "shown"; isShown: boolean };

/** What the page says in the address of the frame, after "#". */
export interface WidgetSettings {
  desk: string;
  /** The origin of the page. The browser lets no other one in, and the frame answers no other. */
  host: string;
  language?: string;
  theme?: string;
  /** An object of the app, which goes with each session that is opened. */
  custom?: object;
}

export function writeSettings(settings: WidgetSettings): string {
  return encodeURIComponent(JSON.stringify(settings));
}

export function readSettings(hash: string): WidgetSettings | null {
  try {
    const read: unknown = JSON.parse(decodeURIComponent(hash.replace(/^#/, "")));
    if (typeof read !== "object" || read === null) return null;
    const { desk, host } = read as Partial<WidgetSettings>;
    return typeof desk === "string" && typeof host === "string" ? (read as WidgetSettings) : null;
  } catch {
    return null;
  }
}
