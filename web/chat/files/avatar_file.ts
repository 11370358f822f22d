// Whether an avatar, as the API calls it, is a file or an address.

/** Addresses have a colon, and the ids of files have none. */
export function isFile(avatar: string): boolean {
  return !avatar.includes(":");
}
