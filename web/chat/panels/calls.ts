// Calls of the API for the panels: what was refused becomes a sentence for readers, and what was
// just changed is seen by the next query.
import { ApiError, type components, unwrap } from "@tidings/client";
import { t as shared } from "../../shared/texts.ts";
import { KNOWN_PROBLEMS, problemText } from "./texts/problems.ts";

export type Schemas = components["schemas"];

/** What a typed call answers. */
interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The calls of one signed-in user. It remembers how far the user's own commands have come. */
export class Calls {
  #position = 0;

  /** The data of an answer. Throws what was refused. */
  async ask<Data>(call: Promise<Answer<Data>>): Promise<Data> {
    const data = unwrap(await call);
    const position = (data as { position?: unknown } | null | undefined)?.position;
    if (typeof position === "number" && position > this.#position) this.#position = position;
    return data;
  }

  /** For a query: wait until the read model has what this user did last. */
  get since(): { min_position?: string } {
    return this.#position === 0 ? {} : { min_position: String(this.#position) };
  }
}

/** What went wrong, in the language of the page where it is something that readers meet. */
export function describeError(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : `${error}`;
  if (error.code === "network") return shared("noConnection");
  const known = KNOWN_PROBLEMS.find((code) => code === error.code);
  if (known !== undefined) return problemText(known);
  const fields = error.fields.map(({ field, message }) => `${field}: ${message}`);
  return fields.length > 0 ? fields.join(" ") : error.message;
}

/** Whether the server refused with this code. */
export function isRefused(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}
