// Fetches the bytes of a file, in ranges, so that a break costs only the last one.
import { unwrap, type Api } from "../api/create_api.ts";
import { ApiError, isTemporary } from "../api/problem.ts";
import { Backoff } from "../live/backoff.ts";
import type { Pauses } from "./pauses.ts";
import { RangeSize } from "./range_size.ts";

const MOST_FAILURES = 5;

export interface DownloadOptions {
  /** A small version of an image; the image itself if there is none. In pixels, at most. */
  preview?: 256 | 1024;
  /** Called with the bytes that have arrived, and how many there are. */
  onProgress?: (received: number, size: number) => void;
  signal?: AbortSignal;
}

/**
 * `known` is what the answers must be part of: a file that was uploaded just now, or an avatar that
 * has just arrived, is not in the read model of every server yet.
 */
export async function download(
  api: Api,
  pauses: Pauses,
  id: string,
  known: { min_position: string },
  options: DownloadOptions,
): Promise<Blob> {
  const signal = options.signal ?? new AbortController().signal;
  const running = new RunningDownload(api, id, known, signal, options.onProgress);
  const backoff = new Backoff();
  for (let failures = 0; ; failures += 1) {
    try {
      const small = options.preview && (await running.fetchPreview(options.preview));
      return small ?? (await running.fetchAll());
    } catch (error) {
      signal.throwIfAborted();
      if (!isTemporary(error) || failures >= MOST_FAILURES) throw error;
      running.range.shrink();
      const advice = error instanceof ApiError ? error.retryAfterMs : null;
      await pauses.wait(backoff.nextMs(advice), signal);
    }
  }
}

class RunningDownload {
  readonly range = new RangeSize();
  readonly #api: Api;
  readonly #id: string;
  readonly #known: { min_position: string };
  readonly #signal: AbortSignal;
  readonly #onProgress: DownloadOptions["onProgress"];
  readonly #parts: Blob[] = [];
  #received = 0;

  constructor(
    api: Api,
    id: string,
    known: { min_position: string },
    signal: AbortSignal,
    onProgress: DownloadOptions["onProgress"],
  ) {
    this.#api = api;
    this.#id = id;
    this.#known = known;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** Null if there is none: not yet, or not of such an image. */
  async fetchPreview(size: 256 | 1024): Promise<Blob | null> {
    const answer = await this.#get({ query: { size } });
    // 400: a server without previews does not know the parameter.
    return [400, 404].includes(answer.response.status) ? null : unwrapBlob(answer);
  }

  async fetchAll(): Promise<Blob> {
    for (;;) {
      const from = this.#received;
      const begin = Date.now();
      const headers = { Range: `bytes=${from}-${from + this.range.bytes - 1}` };
      const answer = await this.#get({ headers });
      // A file without bytes has no range.
      const { status, headers: told } = answer.response;
      if (status === 416 && from === 0) return new Blob([]);
      const part = unwrapBlob(answer);
      this.range.note(Date.now() - begin);
      // A server between that knows no ranges answers with everything.
      if (status !== 206) return part;
      this.#parts.push(part);
      this.#received += part.size;
      const size = Number(told.get("Content-Range")?.split("/")[1] ?? Number.NaN);
      this.#onProgress?.(this.#received, size);
      if (!(this.#received < size) || part.size === 0) {
        return new Blob(this.#parts, { type: part.type });
      }
    }
  }

  #get(request: { query?: { size: 256 | 1024 }; headers?: Record<string, string> }) {
    const params = { path: { id: this.#id }, query: { ...this.#known, ...request.query } };
    const headers = request.headers ?? {};
    const options = { params, headers, parseAs: "blob", signal: this.#signal } as const;
    return this.#api.GET("/v1/files/{id}/content", options);
  }
}

function unwrapBlob(answer: { data?: unknown; error?: unknown; response: Response }): Blob {
  return unwrap(answer) as Blob;
}
