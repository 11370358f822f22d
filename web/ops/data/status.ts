// What `GET /v1/admin/status` answers. A part that the server could not read has only `error`.

export type Failed = { error: string };

export type Status = {
  state: string;
  data?: string;
  data_bytes?: number;
  shedding?: string[];
  process?: { address: string; pid: number; servers: string[]; started_at: string };
  database?: DatabaseStatus;
  mirror?: MirrorStatus | Failed;
};

export type MirrorStatus = {
  first: number;
  position: number;
  lag_events: number;
  version: string;
};

export type SearchStatus = {
  position: number;
  lag_events: number;
  messages: number;
  bytes: number;
};

export type SealStatus = {
  position: number;
  at: string;
  public_key: string;
  lag_seconds: number;
};

export type WebhookStatus = {
  id: number;
  url: string;
  state: string;
  position: number;
  head: number;
  waiting: number;
  parked: number;
};

export type DatabaseStatus = {
  version: string;
  head_time: string;
  parked_events: number;
  projection: {
    head: number;
    position: number;
    events: number;
    seconds: number;
    is_foreign: boolean;
  };
  search: SearchStatus | Failed;
  moderation: { position: number; events: number; seconds: number };
  seal: SealStatus | null;
  erasure: { position: number; ordered: number; not_mirrored: number };
  sessions: { open: number; max: number; by_name: Record<string, number> };
  sizes: { database: number; log: number; read: number };
  webhooks: WebhookStatus[];
};

/** A part of the status, or null if the server could not read it. */
export function readable<Part extends object>(part: Part | Failed | null | undefined): Part | null {
  return part == null || "error" in part ? null : part;
}

/** Why the server could not read a part; null if it could, or does not have it. */
export function unreadable(part: object | Failed | null | undefined): string | null {
  return part != null && "error" in part ? String(part.error) : null;
}
