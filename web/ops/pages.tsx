// The pages of the console by the first part of their address.
import type { ComponentType } from "preact";
import type { IconName } from "../shared/icon.tsx";
import type { Route } from "./route.ts";
import { AuditPage } from "./pages/audit.tsx";
import { CasesPage } from "./pages/cases.tsx";
import { ConversationsPage } from "./pages/conversations.tsx";
import { DesksPage } from "./pages/desks.tsx";
import { EventsPage } from "./pages/events.tsx";
import { HealthPage } from "./pages/health.tsx";
import { HoldsPage } from "./pages/holds.tsx";
import { MaintenancePage } from "./pages/maintenance.tsx";
import { PastPage } from "./pages/past.tsx";
import { PeoplePage } from "./pages/people.tsx";
import { PlacePage } from "./pages/place.tsx";
import { PushesPage } from "./pages/pushes.tsx";
import { RulesPage } from "./pages/rules.tsx";
import { StoragePage } from "./pages/storage.tsx";
import { SwitchesPage } from "./pages/switches.tsx";
import { WebhooksPage } from "./pages/webhooks.tsx";

export type PageProps = { route: Route };
type ConsolePage = { icon: IconName; Component: ComponentType<PageProps> };

export const PAGES = {
  health: { icon: "activity", Component: HealthPage },
  events: { icon: "list", Component: EventsPage },
  past: { icon: "history", Component: PastPage },
  people: { icon: "person", Component: PeoplePage },
  conversations: { icon: "message", Component: ConversationsPage },
  cases: { icon: "shield", Component: CasesPage },
  desks: { icon: "group", Component: DesksPage },
  rules: { icon: "settings", Component: RulesPage },
  storage: { icon: "archive", Component: StoragePage },
  webhooks: { icon: "webhook", Component: WebhooksPage },
  pushes: { icon: "bell", Component: PushesPage },
  maintenance: { icon: "refresh", Component: MaintenancePage },
  switches: { icon: "power", Component: SwitchesPage },
  holds: { icon: "lock", Component: HoldsPage },
  audit: { icon: "file", Component: AuditPage },
  place: { icon: "globe", Component: PlacePage },
} satisfies Record<string, ConsolePage>;

export type PageName = keyof typeof PAGES;

export function findPage(name: string): ConsolePage | null {
  return name in PAGES ? PAGES[name as PageName] : null;
}
