// The way of an event, drawn: the log, and what follows it.
import { readFlow, standingOf, type Stage } from "../data/flow.ts";
import { useWatched } from "../data/monitor.ts";
import { formatNumber, formatSeconds } from "../format.ts";
import { Pill, type Tone } from "./layout.tsx";
import { t } from "../texts/health.ts";

export function Flow() {
  const stages = readFlow(useWatched());
  const [log, ...followers] = stages;
  if (log === undefined) return null;
  return (
    <ol class="flow" aria-label={t("flow")}>
      <FlowStage stage={log} />
      {followers.map((stage) => (
        <FlowStage key={stage.name} stage={stage} head={log.position} />
      ))}
    </ol>
  );
}

const TONES: Record<ReturnType<typeof standingOf>, Tone> = {
  good: "good",
  busy: "busy",
  bad: "bad",
};

function FlowStage({ stage, head }: { stage: Stage; head?: number | null }) {
  const { name, position, behind, seconds, error } = stage;
  const part = head && position !== null ? Math.min(1, position / head) : 1;
  return (
    <li class={`flow-stage flow-${name}`}>
      <div class="flow-box">
        <span class="flow-name">{t(`flow_${name}`)}</span>
        <span class="flow-what soft">{t(`flow_${name}_what`)}</span>
        <span class="flow-position">{formatNumber(position)}</span>
        {name === "log" ? (
          <span class="soft">{t("headOfLog")}</span>
        ) : (
          <>
            <span class="flow-bar" aria-hidden="true">
              <span style={{ inlineSize: `${part * 100}%` }} />
            </span>
            <span>
              <Pill tone={TONES[standingOf(stage)]}>
                {error ?? describe(behind, seconds)}
              </Pill>
            </span>
          </>
        )}
      </div>
    </li>
  );
}

function describe(behind: number | null, seconds: number | null): string {
  if (behind === null) return t("unknown");
  if (behind === 0) return t("upToDate");
  const events = t("behind", { count: behind });
  return seconds !== null && seconds > 0 ? `${events}, ${formatSeconds(seconds)}` : events;
}
