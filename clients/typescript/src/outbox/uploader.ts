// Uploads the files of the outbox. The message of a file is sent once the file is stored.
import type { Api } from "../api/create_api.ts";
import { ApiError, errorInfo } from "../api/problem.ts";
import type { MessageBody, MessageType } from "../api/schemas.ts";
import type { Pauses } from "../files/pauses.ts";
import { upload } from "../files/upload.ts";
import type { FileUpload, OutboxItem, SendItem, StoredFile } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { randomId } from "../random_id.ts";
import type { FileBytes } from "./file_bytes.ts";
import { changeItem, nextUpload } from "./queue.ts";

const UPLOADS_AT_ONCE = 2;
/** Progress is shown, stored and passed to other tabs this often. */
const PROGRESS_MS = 200;

export interface UploaderOptions {
  api: Api;
  holder: StateHolder;
  bytes: FileBytes;
  pauses: Pauses;
}

export class Uploader {
  readonly #options: UploaderOptions;
  readonly #running = new Map<string, AbortController>();
  #stop: (() => void) | undefined;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  start(): void {
    const { holder, bytes } = this.#options;
    this.#stop ??= holder.subscribe(
      (state) => state.outbox,
      (outbox, before) => {
        this.#abortRemoved(outbox);
        if (hasLost(before, outbox)) void bytes.retain(outbox, true);
        this.#fill();
      },
    );
    this.#fill();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    for (const controller of this.#running.values()) controller.abort();
  }

  #fill(): void {
    while (this.#stop && this.#running.size < UPLOADS_AT_ONCE) {
      const item = nextUpload(this.#options.holder.state);
      if (!item) return;
      const controller = new AbortController();
      this.#running.set(item.id, controller);
      void this.#upload(item, controller.signal).finally(() => {
        this.#running.delete(item.id);
        this.#fill();
      });
    }
  }

  /** What the user has given up, in this tab or another one. */
  #abortRemoved(outbox: readonly OutboxItem[]): void {
    const kept = new Set(outbox.map((item) => item.id));
    for (const [id, controller] of this.#running) if (!kept.has(id)) controller.abort();
  }

  async #upload(item: SendItem & { upload: FileUpload }, signal: AbortSignal): Promise<void> {
    const { api, bytes, pauses } = this.#options;
    const { name, type, key, fileId } = item.upload;
    this.#change(item.id, (current) => ({ ...current, status: "uploading", error: null }));
    try {
      const blob = await bytes.find(item.id);
      if (blob === null) throw new MissingBytesError();
      const stored = await upload(api, pauses, {
        ...{ blob, name, type, key, fileId, signal },
        onAnnounced: (id) => this.#note(item.id, { fileId: id }),
        onProgress: this.#throttled((sent) => this.#note(item.id, { sent })),
      });
      this.#change(item.id, (current) => withFile(current, stored));
    } catch (error) {
      if (signal.aborted) return;
      const failure = errorInfo(error);
      this.#change(item.id, (current) => ({ ...current, status: "failed", error: failure }));
    }
  }

  #note(id: string, change: Partial<FileUpload>): void {
    this.#change(id, (item) => ({ ...item, upload: { ...item.upload!, ...change } }));
  }

  #change(id: string, change: (item: SendItem) => SendItem): void {
    this.#options.holder.update((state) =>
      changeItem(state, id, (item) => (item.kind === "send" ? change(item) : item)),
    );
  }

  #throttled(show: (sent: number) => void): (sent: number) => void {
    let shownAt = 0;
    return (sent) => {
      if (Date.now() - shownAt < PROGRESS_MS) return;
      shownAt = Date.now();
      show(sent);
    };
  }
}

/** The browser has removed what the client has stored, or never could store it. */
class MissingBytesError extends ApiError {
  constructor() {
    const detail = "The file is no longer in this browser; choose it again.";
    super({ code: "file_unreadable", detail }, 0, null);
  }
}

/** The item once its file is stored: the bytes decide of what type the message is. */
function withFile(item: SendItem, file: StoredFile): SendItem {
  const { id, name, type: mime, size, width, height } = file;
  const pixels = width === null || height === null ? {} : { width, height };
  const body = { ...item.message.body, file: id, name, mime, size, ...pixels } as MessageBody;
  const upload = { ...item.upload!, fileId: id, sent: size, isStored: true };
  const message = { ...item.message, type: messageTypeOf(mime), body };
  return { ...item, message, upload, status: "queued" };
}

/** The type of the message for a file of this media type. */
export function messageTypeOf(mediaType: string): MessageType {
  const [kind] = mediaType.split("/");
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "file";
}

/** The server no longer has the file, or never got it: it is uploaded again. */
const FILE_IS_LOST = ["file_not_ready", "file_deleted", "upload_expired"];

/**
 * A failed item that is to be tried again. Whether the server still has its file is asked first: a
 * restored backup may lack it.
 */
export function retried(item: OutboxItem): OutboxItem {
  const queued = { ...item, status: "queued" as const, error: null };
  if (queued.kind !== "send" || queued.upload === undefined) return queued;
  const isLost = item.error !== null && FILE_IS_LOST.includes(item.error.code);
  const again = isLost ? { key: randomId(), fileId: null, sent: 0 } : {};
  return { ...queued, upload: { ...queued.upload, ...again, isStored: false } };
}

function hasLost(before: readonly OutboxItem[], outbox: readonly OutboxItem[]): boolean {
  const kept = new Set(outbox.map((item) => item.id));
  return before.some((item) => !kept.has(item.id) && item.kind === "send" && item.upload);
}
