// The frame of the console: pages on one side, the page in the middle.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../shared/icon.tsx";
import { chooseLanguage, language } from "../shared/language.ts";
import { Menu, type MenuItem } from "../shared/menu.tsx";
import { chooseTheme, theme } from "../shared/theme.ts";
import { PlaceContext, usePlace, useSharedPlace } from "./data/place.ts";
import { useSession } from "./data/session.ts";
import { findPage, PAGES, type PageName } from "./pages.tsx";
import { linkTo, parseRoute } from "./route.ts";
import { t } from "./texts/shell.ts";

const GROUPS: { title: "groupWatch" | "groupContent" | "groupControl"; pages: PageName[] }[] = [
  { title: "groupWatch", pages: ["health", "events", "past"] },
  {
    title: "groupContent",
    pages: ["people", "conversations", "desks", "cases", "rules", "storage"],
  },
  {
    title: "groupControl",
    pages: ["webhooks", "pushes", "maintenance", "switches", "holds", "audit", "place"],
  },
];

export function Shell() {
  const [hash, setHash] = useState(location.hash);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onChange = () => {
      setHash(location.hash);
      setOpen(false);
      document.getElementById("content")?.scrollTo(0, 0);
    };
    addEventListener("hashchange", onChange);
    // The address may have changed between the first drawing and now.
    if (location.hash !== hash) onChange();
    return () => removeEventListener("hashchange", onChange);
  }, []);
  const route = parseRoute(hash);
  const name = route.path[0] ?? "health";
  const page = findPage(name);
  const place = useSharedPlace();
  return (
    <PlaceContext.Provider value={place}>
      <div class="console">
        <a class="skip" href="#content" onClick={skip}>
          {t("skip")}
        </a>
        <header class="console-bar">
          <button
            type="button"
            class="icon-button console-open"
            aria-label={t("openNavigation")}
            aria-expanded={isOpen}
            aria-controls="console-nav"
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name="menu" />
          </button>
          <PlaceName />
          <AccountMenu />
        </header>
        <nav
          id="console-nav"
          class={`console-nav ${isOpen ? "open" : ""}`}
          aria-label={t("navigation")}
          onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
        >
          {GROUPS.map(({ title, pages }) => (
            <NavGroup key={title} title={t(title)} pages={pages} current={name} />
          ))}
        </nav>
        <main id="content" class="console-content" tabIndex={-1}>
          {page === null && <p class="empty">{t("unknownPage")}</p>}
          {page !== null && <page.Component route={route} />}
        </main>
      </div>
    </PlaceContext.Provider>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

interface NavGroupProps {
  title: string;
  pages: PageName[];
  current: string;
}

function NavGroup({ title, pages, current }: NavGroupProps) {
  return (
    <div class="nav-group">
      <h2>{title}</h2>
      <ul>
        {pages.map((name) => (
          <li key={name}>
            <a href={linkTo([name])} aria-current={name === current ? "page" : undefined}>
              <Icon name={PAGES[name].icon} size={18} />
              {t(name)}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function PlaceName() {
  const { place } = usePlace();
  return (
    <a class="console-name" href="#/health">
      <img src="icon.svg" alt="" width="26" height="26" />
      <span dir="auto">{place?.name ?? "Tidings"}</span>
      <span class="console-kind">{t("operations")}</span>
    </a>
  );
}

function AccountMenu() {
  const { account, signOut } = useSession();
  const items: MenuItem[] = [
    { label: t("chat"), icon: "message", choose: () => location.assign("/") },
    ...(["system", "light", "dark"] as const).map((each) => ({
      label: t(each),
      checked: theme() === each,
      choose: () => chooseTheme(each),
    })),
    {
      label: language() === "en" ? "中文" : "English",
      icon: "globe",
      choose: () => chooseLanguage(language() === "en" ? "zh" : "en"),
    },
    { label: t("signOut"), icon: "sign-out", choose: () => signOut() },
  ];
  return (
    <Menu label={t("account", { user: account.user })} items={items} class="button account">
      <Icon name="person" size={18} />
      <span dir="auto">{account.user}</span>
    </Menu>
  );
}
