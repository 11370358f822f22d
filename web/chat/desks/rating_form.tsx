// A customer rates a session that is over.
import type { ServiceSession } from "@tidings/client";
import { useId, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { showError, showToast } from "../../shared/toast.tsx";
import { useSession } from "../session.ts";
import { t } from "./texts.ts";

const SCORES = [1, 2, 3, 4, 5];
const MOST_CHARACTERS = 2_000;
/** How long after its end a session can be rated. */
const RATEABLE_MS = 7 * 86_400_000;

export function isRateable({ state, rating, closed_at: at }: ServiceSession): boolean {
  const isRecent = at !== null && Date.now() - Date.parse(at) < RATEABLE_MS;
  return state === "closed" && rating === null && isRecent;
}

export function RatingForm({ session }: { session: ServiceSession }) {
  const { client } = useSession();
  const name = useId();
  const [score, setScore] = useState<number | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get("text")).trim();
    if (score === null) return;
    setBusy(true);
    try {
      await client.desks.rate(session.id, score, text === "" ? undefined : text);
      showToast(t("thanks"));
    } catch (error) {
      showError(error);
      setBusy(false);
    }
  };
  return (
    <form class="rating-form" onSubmit={submit}>
      <fieldset class="rating-stars">
        <legend>{t("rate")}</legend>
        {SCORES.map((each) => (
          <label key={each} class={score !== null && each <= score ? "chosen" : ""}>
            <input
              type="radio"
              name={name}
              value={each}
              class="hidden-label"
              checked={each === score}
              onChange={() => setScore(each)}
            />
            <Icon name="star" size={22} />
            <span class="hidden-label">{t("stars", { count: each })}</span>
          </label>
        ))}
      </fieldset>
      {score !== null && (
        <>
          <input
            class="input"
            name="text"
            dir="auto"
            aria-label={t("rateText")}
            placeholder={t("rateText")}
            maxLength={MOST_CHARACTERS}
          />
          <button class="button primary" disabled={isBusy}>
            {t("sendRating")}
          </button>
        </>
      )}
    </form>
  );
}
