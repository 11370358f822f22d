// Chooses a moment: by a slider, by an exact time, or from one change to the next.
import { useId, useState } from "preact/hooks";
import { Icon, type IconName } from "../../../shared/icon.tsx";
import { locale } from "../../../shared/language.ts";
import { formatExactMoment, fromLocalInput, toLocalInput } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { TextField } from "../parts/fields.tsx";
import { useAct } from "../parts/loading.ts";
import { t } from "../texts/past.ts";
import { shortType, type Span, STEPS, stepAtTime, timeAtStep } from "./moments.ts";
import { findChange, type Moment, type PastInbox } from "./past_calls.ts";

interface MomentChooserProps {
  user: string;
  span: Span;
  moment: Moment;
  change: (moment: Moment) => void;
  then: PastInbox | null;
  now: PastInbox | null;
}

export function MomentChooser({ user, span, moment, change, then, now }: MomentChooserProps) {
  const { api } = useHost();
  const id = useId();
  const [note, setNote] = useState("");
  const { isBusy, act } = useAct();
  const choose = (next: Moment, why = "") => {
    setNote(why);
    change(next);
  };
  const step = async (direction: "earlier" | "later") => {
    const position = "position" in moment ? moment.position : (then?.position ?? 0);
    // The present inbox is that of the last event: the change before it lies before this event.
    const from = direction === "earlier" && !("position" in moment) ? position + 1 : position;
    const found = await findChange(api, user, [then, now], from, direction);
    if (found === null) return setNote(t(direction === "earlier" ? "noEarlier" : "noLater"));
    const type = shortType(found.type);
    choose(
      { position: found.position, time: Date.parse(found.time), type },
      t("changedBy", { type, position: found.position }),
    );
  };
  const when = formatExactMoment(moment.time, locale());
  const button = (icon: IconName, label: string, run: () => void, isEnd: boolean) => (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      disabled={isBusy || isEnd}
      onClick={run}
    >
      <Icon name={icon} />
    </button>
  );
  const isAtEnd = moment.time >= span.to;
  const isAtStart = moment.time <= span.from;
  return (
    <div class="moment">
      <label for={id}>
        {t("moment")}: <output for={id}>{when}</output>
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={STEPS}
        step={1}
        value={stepAtTime(span, moment.time)}
        aria-valuetext={when}
        onInput={(event) =>
          choose({ time: timeAtStep(span, Number(event.currentTarget.value)) })
        }
      />
      <div class="moment-row">
        {button("history", t("start"), () => choose({ time: span.from }), isAtStart)}
        {button("back", t("earlier"), () => void act(() => step("earlier")), false)}
        {button("chevron", t("later"), () => void act(() => step("later")), isAtEnd)}
        {button("clock", t("end"), () => choose({ time: span.to }), isAtEnd)}
        <TextField
          label={t("exact")}
          type="datetime-local"
          value={toLocalInput(moment.time, true)}
          change={(value) => {
            const time = fromLocalInput(value);
            if (time !== null) choose({ time: Math.min(Date.parse(time), span.to) });
          }}
        />
      </div>
      <p class="moment-note soft" role="status">
        {note}
      </p>
    </div>
  );
}
