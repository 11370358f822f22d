// What anybody may ask and do before there is an owner.
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Place } from "./schemas.ts";
import { toProblem } from "./session.ts";

export type SetupRequest = {
  code: string;
  user: string;
  password: string;
  name: string;
  display_name?: string;
};

export async function readPlace(): Promise<Place> {
  const response = await fetch("/v1/place");
  if (!response.ok) throw await toProblem(response);
  return (await response.json()) as Place;
}

/** Creates the owner, and returns their token. */
export async function setUpPlace(request: SetupRequest): Promise<string> {
  const response = await fetch("/v1/place/setup", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw await toProblem(response);
  return ((await response.json()) as { token: string }).token;
}

export type SharedPlace = {
  place: Place | null;
  error: unknown;
  /** Shows another name, in the frame too. */
  rename: (name: string) => void;
};

export const PlaceContext = createContext<SharedPlace | null>(null);

/** The place, read once for the frame and the page about it. */
export function useSharedPlace(): SharedPlace {
  const [place, setPlace] = useState<Place | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => void readPlace().then(setPlace, setError), []);
  const rename = (name: string) => setPlace((before) => before && { ...before, name });
  return { place, error, rename };
}

export function usePlace(): SharedPlace {
  return useContext(PlaceContext)!;
}

/** Whether there is no owner yet: null until that is known, or if it cannot be asked. */
export function useSetup(): Place["setup"] | null {
  const [setup, setSetup] = useState<Place["setup"] | null>(null);
  useEffect(() => {
    readPlace().then(
      (place) => setSetup(place.setup),
      // Signing in says what is wrong.
      () => setSetup(null),
    );
  }, []);
  return setup;
}

/** The code of the link that the server printed, which then leaves the address and the history. */
export function takeSetupCode(): string | null {
  const [, code] = /^#setup=(.+)$/.exec(location.hash) ?? [];
  if (code === undefined) return null;
  history.replaceState(null, "", location.pathname);
  return decodeURIComponent(code);
}

/** The address under which an invited user opens an account. */
export function inviteLink(code: string): string {
  return `${location.origin}/#invite=${encodeURIComponent(code)}`;
}
