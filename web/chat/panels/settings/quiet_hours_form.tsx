// The hours in which the user is not disturbed, in their time zone.
import type { OwnProfile } from "@tidings/client";
import { useId, useMemo, useState } from "preact/hooks";
import { listTimeZones } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { ChoiceField, SwitchField, TextField } from "../parts/fields.tsx";
import { useAct } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/settings.ts";

export function QuietHoursForm({ settings }: { settings: OwnProfile["settings"] }) {
  const { client } = useHost();
  const saved = settings.quiet_hours;
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const [hours, setHours] = useState(
    saved ?? { from: "22:00", to: "07:00", time_zone: ownZone },
  );
  const [isOn, setOn] = useState(saved !== null);
  const zones = useMemo(() => listTimeZones(hours.time_zone), [hours.time_zone]);
  const hintId = useId();
  const { isBusy, act } = useAct();
  const isSame = hours.from === hours.to;
  const save = (quiet_hours: typeof saved) =>
    act(() => client.people.changeSettings({ quiet_hours }), common("saved"));
  const set = (part: Partial<typeof hours>) => setHours((old) => ({ ...old, ...part }));
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSame) void save(hours);
      }}
    >
      <SwitchField
        label={t("quietOn")}
        on={isOn}
        disabled={isBusy}
        change={(on) => {
          setOn(on);
          if (!on) void save(null);
        }}
      />
      {isOn && (
        <>
          <div class="panel-pair">
            <TextField
              label={common("from")}
              type="time"
              value={hours.from}
              change={(from) => set({ from })}
            />
            <TextField
              label={common("to")}
              type="time"
              value={hours.to}
              change={(to) => set({ to })}
            />
          </div>
          <ChoiceField
            label={t("zone")}
            value={hours.time_zone}
            choices={zones.map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") }))}
            change={(time_zone) => set({ time_zone })}
          />
          {isSame && (
            <p id={hintId} class="panel-fault" role="alert">
              {t("quietSame")}
            </p>
          )}
          <button
            type="submit"
            class="button primary"
            disabled={isBusy || isSame || hours.from === "" || hours.to === ""}
          >
            {common("save")}
          </button>
        </>
      )}
    </form>
  );
}
