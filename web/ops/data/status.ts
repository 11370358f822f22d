// What `GET /v1/admin/status` answers. A part that the server could not read has only `error`.
import type { Schemas } from "./schemas.ts";

export type Status = Schemas["Status"];
export type DatabaseStatus = Schemas["DatabaseStatus"];
type Failed = Schemas["StatusError"];

/** A part of the status, or null if the server could not read it. */
export function readable<Part extends object>(part: Part | Failed | null | undefined): Part | null {
  return part == null || "error" in part ? null : part;
}

/** Why the server could not read a part; null if it could, or does not have it. */
export function unreadable(part: object | Failed | null | undefined): string | null {
  return part != null && "error" in part ? String(part.error) : null;
}
