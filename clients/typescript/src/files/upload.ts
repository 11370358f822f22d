// Sends the bytes of a file in ranges. After a break it asks how far the server has got, and goes
// on from there.
import { unwrap, type Api } from "../api/create_api.ts";
import { ApiError, isTemporary } from "../api/problem.ts";
import type { UploadedFile } from "../api/schemas.ts";
import { Backoff } from "../live/backoff.ts";
import type { StoredFile } from "../model/state.ts";
import { randomId } from "../random_id.ts";
import type { Pauses } from "./pauses.ts";
import { RangeSize } from "./range_size.ts";

const ANY_TYPE = "application/octet-stream";
/** The server no longer expects the file: it has to be announced again. */
const FORGOTTEN = ["upload_expired", "not_found"];
const MOST_ANNOUNCEMENTS = 3;
/** Another request is still being received, or another process of the server has fewer bytes. */
const OUT_OF_STEP = ["upload_in_progress", "wrong_offset"];

export interface Upload {
  readonly blob: Blob;
  readonly name: string;
  readonly type: string;
  /** The key under which the server recognises that the file has been announced already. */
  readonly key: string;
  /** The id of the file, if it has been announced before. */
  readonly fileId: string | null;
  readonly signal: AbortSignal;
  readonly onAnnounced?: (fileId: string) => void;
  /** Called with the bytes that the server has. */
  readonly onProgress?: (sent: number) => void;
}

/** Rejects when the server refuses the file, or the signal is aborted; otherwise goes on. */
export async function upload(api: Api, pauses: Pauses, options: Upload): Promise<StoredFile> {
  const { signal } = options;
  const backoff = new Backoff();
  const running = new RunningUpload(api, options, () => backoff.reset());
  for (;;) {
    signal.throwIfAborted();
    try {
      return await running.attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!running.canContinue(error)) throw error;
      const advice = error instanceof ApiError ? error.retryAfterMs : null;
      await pauses.wait(backoff.nextMs(advice), signal);
    }
  }
}

class RunningUpload {
  readonly #api: Api;
  readonly #options: Upload;
  readonly #onMoved: () => void;
  readonly #range = new RangeSize();
  #fileId: string | null;
  #announcements = 0;
  #received = 0;

  constructor(api: Api, options: Upload, onMoved: () => void) {
    this.#api = api;
    this.#options = options;
    this.#onMoved = onMoved;
    this.#fileId = options.fileId;
  }

  async attempt(): Promise<StoredFile> {
    const { size } = this.#options.blob;
    let received = 0;
    if (this.#fileId === null) this.#fileId = await this.#announce();
    else received = await this.#note(this.#ask(this.#fileId));
    for (;;) {
      // Asking completes a file without bytes, and one whose last answer was lost.
      const answer =
        received < size
          ? await this.#send(this.#fileId, received)
          : await this.#ask(this.#fileId);
      if (answer.state === "stored") {
        this.#options.onProgress?.(size);
        return storedFile(this.#fileId, this.#options.name, answer);
      }
      received = await this.#note(Promise.resolve(answer));
    }
  }

  canContinue(error: unknown): boolean {
    if (isTemporary(error)) {
      this.#range.shrink();
      return true;
    }
    const { code } = error as ApiError;
    if (this.#fileId !== null && FORGOTTEN.includes(code)) {
      this.#fileId = null;
      this.#received = 0;
      return this.#announcements < MOST_ANNOUNCEMENTS;
    }
    return OUT_OF_STEP.includes(code);
  }

  async #note(answer: Promise<UploadedFile>): Promise<number> {
    const { received } = await answer;
    // That the server answers is not enough: it may get none of the bytes.
    if (received > this.#received) this.#onMoved();
    this.#received = received;
    this.#options.onProgress?.(received);
    return received;
  }

  async #announce(): Promise<string> {
    const { key, name, type, blob, signal, fileId } = this.#options;
    const isFirst = fileId === null && this.#announcements === 0;
    const headers = { "Idempotency-Key": isFirst ? key : randomId() };
    const body = { name, type: mediaType(type), size: blob.size };
    const answer = await this.#api.POST("/v1/files", { headers, body, signal });
    const { id } = unwrap(answer);
    this.#announcements += 1;
    this.#options.onAnnounced?.(id);
    return id;
  }

  async #ask(fileId: string): Promise<UploadedFile> {
    return await this.#put(fileId, `bytes */${this.#options.blob.size}`, new ArrayBuffer(0));
  }

  async #send(fileId: string, from: number): Promise<UploadedFile> {
    const { blob } = this.#options;
    const to = Math.min(blob.size, from + this.#range.bytes);
    const bytes = await read(blob, from, to);
    const begin = Date.now();
    const answer = await this.#put(fileId, `bytes ${from}-${to - 1}/${blob.size}`, bytes);
    this.#range.note(Date.now() - begin);
    return answer;
  }

  async #put(fileId: string, range: string, bytes: ArrayBuffer): Promise<UploadedFile> {
    const answer = await this.#api.PUT("/v1/files/{id}/content", {
      params: { path: { id: fileId } },
      headers: { "Content-Type": ANY_TYPE, "Content-Range": range },
      // The generated type of bytes is a list of numbers.
      body: bytes as never,
      bodySerializer: () => bytes,
      signal: this.#options.signal,
    });
    return unwrap(answer);
  }
}

/** The bytes can no longer be read: the user has changed or removed the file. */
export class UnreadableError extends ApiError {
  constructor(cause: unknown) {
    const detail = `The file cannot be read; choose it again. (${String(cause)})`;
    super({ code: "file_unreadable", detail }, 0, null);
  }

  override get isTemporary(): boolean {
    return false;
  }
}

async function read(blob: Blob, from: number, to: number): Promise<ArrayBuffer> {
  try {
    return await blob.slice(from, to).arrayBuffer();
  } catch (error) {
    throw new UnreadableError(error);
  }
}

/** What the browser calls the type, if it is one: some systems configure strange ones. */
function mediaType(type: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : ANY_TYPE;
}

function storedFile(id: string, name: string, answer: UploadedFile): StoredFile {
  const { size, type, width, height } = answer;
  return { id, name, type: type ?? ANY_TYPE, size, width: width ?? null, height: height ?? null };
}
