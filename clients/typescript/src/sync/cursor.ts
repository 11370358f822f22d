// A cursor names a position in a history: `1234.5f3a9c21`.

export function positionOf(cursor: string | null): number {
  return cursor === null ? 0 : Number.parseInt(cursor, 10);
}
