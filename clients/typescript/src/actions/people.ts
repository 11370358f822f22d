// Actions on people: profiles, contacts, blocks, invitations.
import { unwrap, type Api } from "../api/create_api.ts";
import type { Entry, ProfileRequest, UserProfile } from "../api/schemas.ts";
import type { PeopleActions } from "../client_api.ts";
import type { ActionContext } from "./context.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { loadList, minPosition } from "../sync/loads.ts";

const GATHER_MS = 20;
const IDS_PER_CALL = 100;
/** No entry says that somebody else's profile has changed. */
const FRESH_MS = 10 * 60_000;
/** Whom the caller may not see now may be seen later. */
const MISSING_MS = 30_000;
/**
 * A user who has just signed up may not be in the read model yet: the own profile is then answered
 * without a name. No entry says when it is there.
 */
const OWN_RETRIES_MS: readonly number[] = [250, 500, 1_000, 2_000, 4_000];
/** Entries after which the caller may see profiles that were hidden. */
const REVEALING: readonly Entry["type"][] = [
  "conversation_created",
  "member_added",
  "contact_requested",
  "contact_added",
  "join_requested",
];

export function peopleActions(context: ActionContext): PeopleActions {
  const { api, holder } = context;
  const profiles = new ProfileLoader(api, holder);
  context.onEntry((entry) => {
    if (REVEALING.includes(entry.type)) profiles.askAgain();
  });
  const reloadOwn = async () => {
    const params = { query: minPosition(holder.state) };
    const profile = unwrap(await api.GET("/v1/users/me", { params }));
    holder.update((state) => ({ ...state, profile }));
  };
  const changeProfile = async (change: ProfileRequest) => {
    unwrap(await api.PATCH("/v1/users/me", { body: change }));
    await reloadOwn();
    await profiles.reload(holder.state.me);
  };
  return {
    ...contactActions(context),
    want: (users) => profiles.want(users),
    reload: (user) => profiles.reload(user),
    async search(q, limit = 20) {
      const query = { q, limit };
      const { users } = unwrap(await api.GET("/v1/users", { params: { query } }));
      profiles.keep(users);
      return users;
    },
    loadOwnProfile: reloadOwn,
    changeProfile,
    async setAvatar(picture) {
      const avatar = picture && (await context.upload(picture)).id;
      await changeProfile({ avatar });
    },
    async changeSettings(change) {
      unwrap(await api.PATCH("/v1/users/me/settings", { body: change }));
      await reloadOwn();
    },
  };
}

function contactActions({
  api,
  holder,
}: ActionContext): Pick<
  PeopleActions,
  "addContact" | "removeContact" | "block" | "unblock" | "acceptInvitation" | "declineInvitation"
> {
  const reload = async (name: "contacts" | "invitations", position: number) => {
    if (holder.state[name].loaded) await loadList(api, holder, name, position);
  };
  return {
    async addContact(user, note) {
      const body = note === undefined ? {} : { note };
      const params = { path: { user } };
      const answer = unwrap(await api.PUT("/v1/contacts/{user}", { params, body }));
      await reload("contacts", answer.position);
      return answer.state;
    },
    async removeContact(user) {
      const params = { path: { user } };
      const answer = unwrap(await api.DELETE("/v1/contacts/{user}", { params }));
      await reload("contacts", answer.position);
    },
    async block(user) {
      unwrap(await api.PUT("/v1/blocks/{user}", { params: { path: { user } } }));
    },
    async unblock(user) {
      unwrap(await api.DELETE("/v1/blocks/{user}", { params: { path: { user } } }));
    },
    async acceptInvitation(conversation) {
      const params = { path: { conversation } };
      const { position } = unwrap(await api.PUT("/v1/invitations/{conversation}", { params }));
      await reload("invitations", position);
    },
    async declineInvitation(conversation) {
      const params = { path: { conversation } };
      const { position } = unwrap(await api.DELETE("/v1/invitations/{conversation}", { params }));
      await reload("invitations", position);
    },
  };
}

/** Loads profiles: those that are wanted together with one call. */
class ProfileLoader {
  readonly #api: Api;
  readonly #holder: StateHolder;
  readonly #wanted = new Set<string>();
  /** When a profile that arrived was asked for, in milliseconds since 1970. */
  readonly #askedAt = new Map<string, number>();
  /** Who was asked for and did not arrive, and when. */
  readonly #missing = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ownRetries = 0;

  constructor(api: Api, holder: StateHolder) {
    this.#api = api;
    this.#holder = holder;
  }

  want(users: Iterable<string>): void {
    const now = Date.now();
    for (const user of users) {
      const isFresh = now - (this.#askedAt.get(user) ?? 0) < FRESH_MS;
      const isMissing = now - (this.#missing.get(user) ?? 0) < MISSING_MS;
      if (isFresh || isMissing) continue;
      this.#askedAt.set(user, now);
      this.#wanted.add(user);
    }
    if (this.#wanted.size > 0) this.#timer ??= setTimeout(() => void this.#load(), GATHER_MS);
  }

  /** Asks again for those who could not be seen. */
  askAgain(): void {
    const users = [...this.#missing.keys()];
    this.#missing.clear();
    this.want(users);
  }

  async reload(user: string): Promise<UserProfile | null> {
    this.#askedAt.set(user, Date.now());
    const [profile] = await this.#fetch([user]);
    if (profile) this.keep([profile]);
    return profile ?? null;
  }

  keep(users: readonly UserProfile[]): void {
    const known = users.map((user) => [user.id, user] as const);
    this.#holder.update((state) => ({ ...state, people: state.people.setAll(known) }));
  }

  async #load(): Promise<void> {
    this.#timer = undefined;
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (let start = 0; start < wanted.length; start += IDS_PER_CALL) {
      const batch = wanted.slice(start, start + IDS_PER_CALL);
      try {
        const users = await this.#fetch(batch);
        this.keep(users);
        this.#noteMissing(batch, users);
        this.#retryOwn(users);
      } catch {
        // They are asked for when they are wanted again.
        for (const user of batch) this.#askedAt.delete(user);
      }
    }
  }

  /** Asks again for the own profile, a few times, as long as it has no name. */
  #retryOwn(arrived: readonly UserProfile[]): void {
    const { me } = this.#holder.state;
    const isNameless = arrived.some(({ id, display_name }) => id === me && display_name === null);
    const delay = OWN_RETRIES_MS[this.#ownRetries];
    if (!isNameless || delay === undefined) return;
    this.#ownRetries += 1;
    setTimeout(() => {
      if (this.#holder.state.connection.status === "stopped") return;
      this.#askedAt.delete(me);
      this.want([me]);
    }, delay);
  }

  #noteMissing(asked: readonly string[], arrived: readonly UserProfile[]): void {
    const ids = new Set(arrived.map((user) => user.id));
    for (const user of asked) {
      if (ids.has(user)) continue;
      this.#askedAt.delete(user);
      this.#missing.set(user, Date.now());
    }
  }

  /** Those whom the caller may not see are left out. */
  async #fetch(users: readonly string[]): Promise<UserProfile[]> {
    const least = minPosition(this.#holder.state);
    // The list is separated by commas, and an id may have one.
    const odd = users.filter((user) => user.includes(","));
    const ids = users.filter((user) => !user.includes(",")).join(",");
    const found: UserProfile[] = [];
    if (ids) {
      const query = { ids, ...least };
      found.push(...unwrap(await this.#api.GET("/v1/users", { params: { query } })).users);
    }
    for (const user of odd) {
      const params = { path: { user }, query: least };
      const { data } = await this.#api.GET("/v1/users/{user}", { params });
      if (data) found.push(data);
    }
    return found;
  }
}
