// An immutable map whose changes share structure.
//
// Copying a Map of 10,000 conversations for each entry would cost more than the entry. Here a
// change copies one bucket of a few keys and the list of buckets.

type Key = string | number;
type Bucket<K extends Key, V> = ReadonlyMap<K, V> | undefined;

const FEWEST_BUCKETS = 8;
const KEYS_PER_BUCKET = 16;

export class PersistentMap<K extends Key, V> {
  readonly size: number;
  readonly #buckets: readonly Bucket<K, V>[];

  private constructor(buckets: readonly Bucket<K, V>[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static empty<K extends Key, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>(new Array(FEWEST_BUCKETS).fill(undefined), 0);
  }

  static from<K extends Key, V>(entries: Iterable<readonly [K, V]>): PersistentMap<K, V> {
    return PersistentMap.empty<K, V>().setAll(entries);
  }

  get(key: K): V | undefined {
    return this.#buckets[bucketOf(key, this.#buckets.length)]?.get(key);
  }

  has(key: K): boolean {
    return this.#buckets[bucketOf(key, this.#buckets.length)]?.has(key) ?? false;
  }

  /** The map with this value; the same map if it has the value already. */
  set(key: K, value: V): PersistentMap<K, V> {
    if (this.get(key) === value && this.has(key)) return this;
    return this.setAll([[key, value]]);
  }

  /** The map with all these values; each changed bucket is copied once. */
  setAll(entries: Iterable<readonly [K, V]>): PersistentMap<K, V> {
    const buckets = [...this.#buckets];
    const copied = new Map<number, Map<K, V>>();
    let size = this.size;
    for (const [key, value] of entries) {
      const index = bucketOf(key, buckets.length);
      let bucket = copied.get(index);
      if (!bucket) copied.set(index, (bucket = new Map(buckets[index])));
      if (!bucket.has(key)) size += 1;
      bucket.set(key, value);
    }
    if (copied.size === 0) return this;
    for (const [index, bucket] of copied) buckets[index] = bucket;
    return new PersistentMap(spread(buckets, size), size);
  }

  delete(key: K): PersistentMap<K, V> {
    if (!this.has(key)) return this;
    const buckets = [...this.#buckets];
    const index = bucketOf(key, buckets.length);
    const bucket = new Map(buckets[index]);
    bucket.delete(key);
    buckets[index] = bucket;
    return new PersistentMap(buckets, this.size - 1);
  }

  /** The keys whose values differ from those of an earlier map. */
  changedKeys(before: PersistentMap<K, V>): Set<K> {
    const changed = new Set<K>();
    if (before === this) return changed;
    const isAligned = before.#buckets.length === this.#buckets.length;
    this.#buckets.forEach((bucket, index) => {
      const earlier = isAligned ? before.#buckets[index] : undefined;
      if (isAligned && bucket === earlier) return;
      for (const [key, value] of bucket ?? []) if (before.get(key) !== value) changed.add(key);
      for (const key of earlier?.keys() ?? []) if (!this.has(key)) changed.add(key);
    });
    if (!isAligned) for (const key of before.keys()) if (!this.has(key)) changed.add(key);
    return changed;
  }

  *entries(): IterableIterator<[K, V]> {
    for (const bucket of this.#buckets) if (bucket) yield* bucket.entries();
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }
}

function bucketOf(key: Key, count: number): number {
  if (typeof key === "number") return key & (count - 1);
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) {
    hash = (hash * 31 + key.charCodeAt(index)) | 0;
  }
  return (hash ^ (hash >>> 15)) & (count - 1);
}

/** Distributes the keys over more buckets if they have become many. */
function spread<K extends Key, V>(
  buckets: readonly Bucket<K, V>[],
  size: number,
): readonly Bucket<K, V>[] {
  let count = buckets.length;
  while (size > count * KEYS_PER_BUCKET) count *= 4;
  if (count === buckets.length) return buckets;
  const wider: (Map<K, V> | undefined)[] = new Array(count).fill(undefined);
  for (const bucket of buckets) {
    for (const [key, value] of bucket ?? []) {
      (wider[bucketOf(key, count)] ??= new Map()).set(key, value);
    }
  }
  return wider;
}
