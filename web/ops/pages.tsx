// The pages of the console by the first part of their address.
import type { ComponentType } from "preact";
import type { IconName } from "../shared/icon.tsx";
import type { Route } from "./route.ts";
import { HealthPage } from "./pages/health.tsx";

export type PageProps = { route: Route };
type ConsolePage = { icon: IconName; Component: ComponentType<PageProps> };

export const PAGES = {
  health: { icon: "bell", Component: HealthPage },
} satisfies Record<string, ConsolePage>;

export type PageName = keyof typeof PAGES;

export function findPage(name: string): ConsolePage | null {
  return name in PAGES ? PAGES[name as PageName] : null;
}
