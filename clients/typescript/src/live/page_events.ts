// What a page tells: the network has returned, the page is shown again, the page is hidden.

export interface PageEvents {
  onOnline: () => void;
  onOffline: () => void;
  onHidden: () => void;
}

/** Listens where there is a page. Returns how to stop. */
export function watchPage({ onOnline, onOffline, onHidden }: PageEvents): () => void {
  if (typeof window === "undefined" || typeof document === "undefined") return () => undefined;
  // A page that was hidden may have been asleep, and its connection be dead without a word.
  const shown = () => (document.visibilityState === "hidden" ? onHidden() : onOnline());
  window.addEventListener("online", onOnline);
  window.addEventListener("offline", onOffline);
  window.addEventListener("pagehide", onHidden);
  document.addEventListener("visibilitychange", shown);
  return () => {
    window.removeEventListener("online", onOnline);
    window.removeEventListener("offline", onOffline);
    window.removeEventListener("pagehide", onHidden);
    document.removeEventListener("visibilitychange", shown);
  };
}
