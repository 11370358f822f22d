// The pages of the panels by name, with their titles.
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { ContactPage } from "./desks/contact_page.tsx";
import { SessionPage } from "./desks/session_page.tsx";
import { ExplainPage } from "./explain/explain_page.tsx";
import { WhyPage } from "./explain/why_page.tsx";
import { GroupPage } from "./groups/group_page.tsx";
import { InvitationsPage } from "./groups/invitations_page.tsx";
import { JoinPage } from "./groups/join_page.tsx";
import { LinksPage } from "./groups/links_page.tsx";
import { MembersPage } from "./groups/members_page.tsx";
import { NewPage } from "./groups/new_page.tsx";
import { PoliciesPage } from "./groups/policies_page.tsx";
import { RequestsPage } from "./groups/requests_page.tsx";
import { SanctionsPage } from "./groups/sanctions_page.tsx";
import { HostContext, makeHost } from "./host.ts";
import { HeldPage } from "./lists/held_page.tsx";
import { PinsPage } from "./lists/pins_page.tsx";
import { ScheduledPage } from "./lists/scheduled_page.tsx";
import { ThreadsPage } from "./lists/threads_page.tsx";
import { PastPage } from "./past/past_page.tsx";
import { PeoplePage } from "./people/people_page.tsx";
import { PersonPage } from "./people/person_page.tsx";
import type { Panel, PanelName, PanelPlace, PanelProps } from "./registry.ts";
import { SearchPage } from "./search/search_page.tsx";
import { SettingsPage } from "./settings/settings_page.tsx";
import { t } from "./texts/titles.ts";
import "./panels.css";

/** A page. Without what it is about, as after a typed address, it shows nothing. */
function page(
  name: PanelName,
  draw: (place: PanelPlace) => VNode | undefined,
  shown: Panel["shown"] = "side",
): Panel {
  const component = (props: PanelProps) => {
    const { conversation, seq, user, code, query } = props;
    const place = useMemo(() => known({ conversation, seq, user, code, query }), []);
    const host = useMemo(() => makeHost(name, place, props), []);
    return <HostContext.Provider value={host}>{draw(place)}</HostContext.Provider>;
  };
  return { title: () => t(name), shown, component };
}

function known(place: PanelPlace): PanelPlace {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}

/** A page that is about a conversation. */
function conversationPage(
  name: PanelName,
  draw: (conversation: string, place: PanelPlace) => VNode | undefined,
): Panel {
  return page(name, (place) =>
    place.conversation === undefined ? undefined : draw(place.conversation, place),
  );
}

export const PAGES: Record<PanelName, Panel> = {
  people: page("people", () => <PeoplePage />),
  person: page("person", ({ user, conversation }) =>
    user === undefined ? undefined : <PersonPage user={user} conversation={conversation} />,
  ),
  settings: page("settings", () => <SettingsPage />),
  "new-group": page("new-group", () => <NewPage />),
  join: page("join", ({ code }) => <JoinPage code={code} />),
  invitations: page("invitations", () => <InvitationsPage />),
  group: conversationPage("group", (id) => <GroupPage conversation={id} />),
  members: conversationPage("members", (id) => <MembersPage conversation={id} />),
  policies: conversationPage("policies", (id) => <PoliciesPage conversation={id} />),
  links: conversationPage("links", (id) => <LinksPage conversation={id} />),
  requests: conversationPage("requests", (id) => <RequestsPage conversation={id} />),
  sanctions: conversationPage("sanctions", (id) => <SanctionsPage conversation={id} />),
  pins: conversationPage("pins", (id) => <PinsPage conversation={id} />),
  explain: conversationPage("explain", (id) => <ExplainPage conversation={id} />),
  why: conversationPage("why", (id, { seq }) =>
    seq === undefined ? undefined : <WhyPage conversation={id} seq={seq} />,
  ),
  search: page("search", ({ conversation, query }) => (
    <SearchPage conversation={conversation} query={query} />
  )),
  session: conversationPage("session", (id) => <SessionPage conversation={id} />),
  contact: page("contact", () => <ContactPage />),
  threads: page("threads", () => <ThreadsPage />),
  scheduled: page("scheduled", ({ conversation }) => (
    <ScheduledPage conversation={conversation} />
  )),
  held: page("held", () => <HeldPage />),
  "as-of": page("as-of", ({ user }) => <PastPage user={user} />, "dialog"),
};
