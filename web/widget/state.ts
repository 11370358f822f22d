// What the parts of the widget share.
import type { ClientState, ServiceSession, TidingsClient } from "@tidings/client";
import { createContext } from "preact";
import { useContext, useEffect, useReducer, useRef } from "preact/hooks";
import type { Host } from "./host.ts";
import type { WidgetSettings } from "./messages.ts";

export interface WidgetTools {
  client: TidingsClient;
  host: Host;
  settings: WidgetSettings;
}

export const WidgetContext = createContext<WidgetTools | null>(null);

export function useWidget(): WidgetTools {
  const tools = useContext(WidgetContext);
  if (tools === null) throw new Error("useWidget needs a <WidgetContext.Provider> above it.");
  return tools;
}

/** What `selector` returns now; draws again when that changes. */
export function useSelected<Selected>(
  selector: (state: ClientState) => Selected,
): WidgetTools & { selected: Selected } {
  const tools = useWidget();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const selected = selector(tools.client.state);
  const latest = useRef({ selector, selected });
  latest.current = { selector, selected };
  useEffect(() => {
    const check = (state: ClientState) => {
      const { selector, selected } = latest.current;
      if (!Object.is(selector(state), selected)) redraw(undefined);
    };
    check(tools.client.state);
    return tools.client.subscribe((state) => state, check);
  }, []);
  return { ...tools, selected };
}

/**
 * The newest session of the customer at the desk. A session that was transferred from it to another
 * desk is followed there.
 */
export function useCustomerSession(): ServiceSession | undefined {
  const followed = useRef<string | null>(null);
  const { selected, settings } = useSelected(({ sessions }) => sessions.items);
  const { client } = useWidget();
  const own = selected.filter((session) => session.customer === client.state.me);
  const here = own.find((session) => session.desk === settings.desk);
  const moved = own.find((session) => session.id === followed.current);
  const isNewer = (one: ServiceSession, other: ServiceSession) =>
    Date.parse(one.opened_at) > Date.parse(other.opened_at);
  const session = moved && here && isNewer(here, moved) ? here : (moved ?? here);
  followed.current = session?.id ?? null;
  return session;
}
