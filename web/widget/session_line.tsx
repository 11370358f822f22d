// How the session stands; the customer can end it, and rate it afterwards.
import type { ServiceSession } from "@tidings/client";
import { useEffect, useId, useState } from "preact/hooks";
import { Icon } from "../shared/icon.tsx";
import { useSelected, useWidget } from "./state.ts";
import { t } from "./texts.ts";

const SCORES = [1, 2, 3, 4, 5];

export function SessionLine({ session }: { session: ServiceSession }) {
  const { client } = useWidget();
  const { agent, state, rating } = session;
  const { selected: name } = useSelected(({ people }) =>
    agent === null ? "" : (people.get(agent)?.display_name ?? agent),
  );
  useEffect(() => {
    if (agent !== null) client.people.want([agent]);
  }, [agent]);
  const [isBusy, setBusy] = useState(false);
  const act = (work: () => Promise<void>) => {
    setBusy(true);
    work()
      .catch((error) => console.warn("Tidings:", error))
      .finally(() => setBusy(false));
  };
  const texts = {
    waiting: t("stateWaiting"),
    open: t("stateOpen", { name }),
    closed: t("stateClosed"),
  };
  return (
    <section class="widget-session">
      <p role="status">{texts[state]}</p>
      {state !== "closed" && (
        <button
          type="button"
          class="button"
          disabled={isBusy}
          onClick={() => act(() => client.desks.close(session.id))}
        >
          {t("end")}
        </button>
      )}
      {state === "closed" && rating === null && (
        <Stars rate={(score) => act(() => client.desks.rate(session.id, score))} />
      )}
      {rating !== null && <p>{t("thanks")}</p>}
    </section>
  );
}

/** Buttons, since the choice counts at once. */
function Stars({ rate }: { rate: (score: number) => void }) {
  const label = useId();
  return (
    <div class="widget-stars" role="group" aria-labelledby={label}>
      <span id={label}>{t("rate")}</span>
      {SCORES.map((score) => (
        <button
          key={score}
          type="button"
          class="icon-button"
          aria-label={t("stars", { count: score })}
          onClick={() => rate(score)}
        >
          <Icon name="star" />
        </button>
      ))}
    </div>
  );
}
