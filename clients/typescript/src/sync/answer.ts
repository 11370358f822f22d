// What the headers of an answer say about its position.

/** The log position at which the answer was read. */
export function answerPosition(response: Response): number {
  return Number(response.headers.get("Tidings-Position") ?? 0);
}
