// Whether an element is on the screen or close to it: only then its bytes are fetched.
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

const MARGIN = "600px";

/** Stays true once it has been: what was fetched stays shown. */
export function useNearScreen(element: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || element.current === null) return undefined;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some((each) => each.isIntersecting)) setNear(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [near]);
  return near;
}
