// Saves the bytes of a file where the browser keeps downloads.
import type { Client } from "@tidings/client";

/** Some browsers read the address only after the click. */
const KEEP_MS = 60_000;

export async function saveFile(
  client: Client,
  file: { id: string; name: string },
  onProgress: (received: number, size: number) => void,
): Promise<void> {
  const blob = await client.download(file.id, { onProgress });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
}
