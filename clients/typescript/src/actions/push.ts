// Pushes to the device of this client.
import { unwrap, type Api } from "../api/create_api.ts";
import type { PushActions } from "../client_api.ts";
import type { Storage } from "../store/storage.ts";

/** What is known only once the client has started. */
export interface Started {
  readonly device: string;
  readonly storage: Storage;
}

const DROP_MS = 5_000;

export function pushActions(api: Api, started: () => Started): PushActions {
  return {
    async webPushKey() {
      return unwrap(await api.GET("/v1/push/webpush-key")).key;
    },
    async register(registration) {
      const { device, storage } = started();
      const params = { path: { device } };
      const body = { preview: true, ...registration };
      unwrap(await api.PUT("/v1/devices/{device}/push", { params, body }));
      await storage.write([{ table: "meta", key: "push", value: true }]);
    },
    async drop() {
      const { device, storage } = started();
      const params = { path: { device } };
      unwrap(await api.DELETE("/v1/devices/{device}/push", { params }));
      await storage.write([{ table: "meta", key: "push", value: undefined }]);
    },
  };
}

/** A user who signs out gets no more pushes; the sign-out does not depend on it. */
export async function dropPushQuietly(api: Api, { device, storage }: Started): Promise<void> {
  try {
    if (!new Map(await storage.readAll("meta")).has("push")) return;
    const params = { path: { device } };
    const signal = AbortSignal.timeout(DROP_MS);
    await api.DELETE("/v1/devices/{device}/push", { params, signal });
  } catch {
    // Without a network, the server drops it when the browser no longer takes its pushes.
  }
}
