// Calls of the API for the panels: what was refused becomes an error that a reader understands, and
// what was just changed is seen by the next query.
import type { components } from "@tidings/client";
import { t as shared } from "../../shared/texts.ts";
import { KNOWN_PROBLEMS, problemText } from "./texts/common.ts";

export type Schemas = components["schemas"];

/** A call that was refused. Its message is a sentence for readers. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly Schemas["FieldError"][];

  constructor(problem: Partial<Schemas["Problem"]>, status: number) {
    super(describeProblem(problem));
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.fields = problem.errors ?? [];
  }
}

/** What the generated client answers. */
export interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The calls of one signed-in user. It remembers how far the user's own commands have come. */
export class Calls {
  #position = 0;

  /** The data of an answer. Throws a refusal. */
  async ask<Data>(call: Promise<Answer<Data>>): Promise<Data> {
    const answer = await call.catch((cause: unknown) => {
      throw cause instanceof TypeError ? new Error(shared("noConnection"), { cause }) : cause;
    });
    if (!answer.response.ok) {
      throw new Refusal(readProblem(answer.error), answer.response.status);
    }
    this.#remember(answer.data);
    return answer.data as Data;
  }

  /** For a query: wait until the read model has what this user did last. */
  get since(): { min_position?: string } {
    return this.#position === 0 ? {} : { min_position: String(this.#position) };
  }

  #remember(data: unknown): void {
    const position = (data as { position?: unknown } | null | undefined)?.position;
    if (typeof position === "number" && position > this.#position) this.#position = position;
  }
}

function readProblem(error: unknown): Partial<Schemas["Problem"]> {
  return typeof error === "object" && error !== null ? error : {};
}

function describeProblem(problem: Partial<Schemas["Problem"]>): string {
  const known = KNOWN_PROBLEMS.find((code) => code === problem.code);
  if (known !== undefined) return problemText(known);
  const fields = (problem.errors ?? []).map(({ field, message }) => `${field}: ${message}`);
  if (fields.length > 0) return fields.join(" ");
  return problem.detail ?? shared("failed");
}
