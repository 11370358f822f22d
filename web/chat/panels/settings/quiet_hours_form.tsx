// The hours in which the user is not disturbed, in their time zone.
import type { OwnProfile } from "@tidings/client";
import { useMemo, useState } from "preact/hooks";
import { listTimeZones } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { ChoiceField, SwitchField, TextField } from "../parts/fields.tsx";
import { useAct } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/settings.ts";

type Hours = NonNullable<OwnProfile["settings"]["quiet_hours"]>;

export function QuietHoursForm({ settings }: { settings: OwnProfile["settings"] }) {
  const { client } = useHost();
  const saved = settings.quiet_hours;
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const [hours, setHours] = useState<Hours>(
    saved ?? { from: "22:00", to: "07:00", time_zone: ownZone },
  );
  const [isOn, setOn] = useState(saved !== null);
  const { isBusy, act } = useAct();
  const save = (quiet_hours: typeof saved) =>
    act(() => client.people.changeSettings({ quiet_hours }), common("saved"));
  const set = (part: Partial<Hours>) => setHours((old) => ({ ...old, ...part }));
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (hours.from !== hours.to) void save(hours);
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
      {isOn && <HoursFields hours={hours} set={set} isBusy={isBusy} />}
    </form>
  );
}

interface HoursFieldsProps {
  hours: Hours;
  set: (part: Partial<Hours>) => void;
  isBusy: boolean;
}

function HoursFields({ hours, set, isBusy }: HoursFieldsProps) {
  const { from, to, time_zone: zone } = hours;
  const zones = useMemo(() => listTimeZones(zone), [zone]);
  const isSame = from === to;
  return (
    <>
      <div class="panel-pair">
        <TextField
          label={common("from")}
          type="time"
          value={from}
          change={(value) => set({ from: value })}
        />
        <TextField
          label={common("to")}
          type="time"
          value={to}
          change={(value) => set({ to: value })}
          fault={isSame ? t("quietSame") : null}
        />
      </div>
      <ChoiceField
        label={t("zone")}
        value={zone}
        choices={zones.map((each) => ({ value: each, label: each.replaceAll("_", " ") }))}
        change={(value) => set({ time_zone: value })}
      />
      <button
        type="submit"
        class="button primary"
        disabled={isBusy || isSame || from === "" || to === ""}
      >
        {common("save")}
      </button>
    </>
  );
}
