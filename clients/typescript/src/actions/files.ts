// Files: uploads that do not depend on a message, and downloads.
import { download } from "../files/download.ts";
import type { Pauses } from "../files/pauses.ts";
import { upload } from "../files/upload.ts";
import type { FileActions } from "../client_api.ts";
import type { Api } from "../api/create_api.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { randomId } from "../random_id.ts";
import { minPosition } from "../sync/loads.ts";

export function fileActions(api: Api, pauses: Pauses, holder: StateHolder): FileActions {
  return {
    upload: (blob, { name, type, onProgress, signal } = {}) =>
      upload(api, pauses, {
        blob,
        name: name ?? nameOf(blob),
        type: type ?? blob.type,
        key: randomId(),
        fileId: null,
        signal: signal ?? new AbortController().signal,
        ...(onProgress && { onProgress: (sent) => onProgress(sent, blob.size) }),
      }),
    download: (fileId, options = {}) => download(api, pauses, fileId, minPosition(holder.state), options),
  };
}

/** The name of a file that the user has chosen; a blob has none, and gets one by its type. */
export function nameOf(blob: Blob): string {
  const { name } = blob as Partial<File>;
  if (name) return name;
  const [kind = "", ending = ""] = blob.type.split(";")[0]!.split("/");
  return kind === "" ? "file" : `${kind}.${ending.replace(/^x-|\+.*$/g, "")}`;
}
