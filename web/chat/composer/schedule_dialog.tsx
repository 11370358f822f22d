// Chooses when a message is sent.
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { t } from "../texts.ts";
import { clockTime, dayOf, fullTime } from "../time.ts";

interface ScheduleDialogProps {
  schedule: (at: Date) => void;
  close: () => void;
}

export function ScheduleDialog({ schedule, close }: ScheduleDialogProps) {
  const [time, setTime] = useState(() => fieldTime(inHours(1)));
  const [problem, setProblem] = useState<string | null>(null);
  const choose = (at: Date) => {
    if (!(at > new Date())) return setProblem(t("pastTime"));
    close();
    schedule(at);
  };
  return (
    <Dialog title={t("sendLaterTitle")} close={close}>
      <ul class="schedule-choices">
        {commonTimes(new Date()).map(({ label, at }) => (
          <li key={label}>
            <button type="button" class="button" onClick={() => choose(at)}>
              <span>{label}</span>
              <span class="soft">{clockTime(at.toISOString())}</span>
            </button>
          </li>
        ))}
      </ul>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          choose(new Date(time));
        }}
      >
        <Field label={t("sendAt")}>
          <input
            class="input"
            type="datetime-local"
            required
            value={time}
            min={fieldTime(new Date())}
            onInput={(event) => setTime(event.currentTarget.value)}
          />
        </Field>
        <p class="soft">{Number.isNaN(Date.parse(time)) ? "" : fullTime(new Date(time))}</p>
        {problem !== null && (
          <p class="notice danger" role="alert">
            {problem}
          </p>
        )}
        <button class="button primary">{t("schedule")}</button>
      </form>
    </Dialog>
  );
}

function inHours(hours: number): Date {
  return new Date(Date.now() + hours * 3_600_000);
}

/** What the field for a local time takes. */
function fieldTime(date: Date): string {
  const clock = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0"));
  return `${dayOf(date)}T${clock.join(":")}`;
}

function commonTimes(now: Date): { label: string; at: Date }[] {
  const atHour = (days: number, hour: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const toMonday = (8 - now.getDay()) % 7 || 7;
  const times = [
    { label: t("inAnHour"), at: inHours(1) },
    { label: t("thisEvening"), at: atHour(0, 18) },
    { label: t("tomorrowMorning"), at: atHour(1, 9) },
    { label: t("mondayMorning"), at: atHour(toMonday, 9) },
  ];
  return times.filter(({ at }) => at > now);
}
