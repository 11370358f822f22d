// What a finished job found.
import type { Job } from "./schemas.ts";

export type Verdict =
  | { kind: "equal" }
  | { kind: "different"; count: number }
  | { kind: "findings"; count: number; isTrusted: boolean }
  | { kind: "none" };

/** A verify compares; a rebuild compares if there was something to compare with. */
export function judge({ of, result }: Pick<Job, "of" | "result">): Verdict {
  if (result === null) return { kind: "none" };
  if (of === "seals") {
    const count = Number(result["findings"] ?? 0);
    return { kind: "findings", count, isTrusted: result["trusted"] !== false };
  }
  const compared = "equal" in result ? result : result["comparison"];
  if (typeof compared !== "object" || compared === null) return { kind: "none" };
  const { equal, differences } = compared as { equal?: boolean; differences?: unknown[] };
  if (equal === undefined) return { kind: "none" };
  return equal ? { kind: "equal" } : { kind: "different", count: differences?.length ?? 1 };
}
