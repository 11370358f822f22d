// The plots of the health page.
import type { Watched } from "../data/monitor.ts";
import { formatNumber, formatRate, formatSeconds } from "../format.ts";
import { Plot, type Series } from "../parts/plot.tsx";
import { t } from "../texts/health.ts";

export function Plots({ watched: { readings } }: { watched: Watched }) {
  return (
    <div class="plots">
      <Plot title={t("sends")} series={sends()} readings={readings} format={formatRate} />
      <Plot title={t("deliveries")} series={deliveries()} readings={readings} format={formatRate} />
      <Plot title={t("commit")} series={commits()} readings={readings} format={milliseconds} />
      <Plot title={t("requests")} series={requests()} readings={readings} format={milliseconds} />
      <Plot
        title={t("lagEvents")}
        series={lagEvents()}
        readings={readings}
        format={whole}
        isWhole
      />
      <Plot title={t("lagSeconds")} series={lagSeconds()} readings={readings} format={seconds} />
      <Plot
        title={t("errors")}
        hint={t("errorsHint")}
        series={errors()}
        readings={readings}
        format={formatRate}
      />
      <Plot title={t("load")} series={load()} readings={readings} format={formatRate} />
    </div>
  );
}

const whole = (value: number | null) => formatNumber(value);
const seconds = (value: number | null) => formatSeconds(value);

function milliseconds(value: number | null): string {
  return value === null ? "–" : `${formatRate(value)} ms`;
}

function sends(): Series[] {
  return [
    { label: t("sendsMessages"), value: ({ sends }) => sends, color: 1 },
    { label: t("sendsEvents"), value: ({ events }) => events, color: 2 },
  ];
}

function deliveries(): Series[] {
  return [
    { label: t("deliveriesLive"), value: ({ live }) => live, color: 1 },
    { label: t("deliveriesWebhook"), value: ({ accepted }) => accepted, color: 2 },
    { label: t("deliveriesFailed"), value: ({ failed }) => failed, color: 3 },
  ];
}

function commits(): Series[] {
  return [
    { label: t("half"), value: ({ commitHalf }) => commitHalf, color: 1 },
    { label: t("most"), value: ({ commitMost }) => commitMost, color: 2 },
  ];
}

function requests(): Series[] {
  return [
    { label: t("half"), value: ({ requestHalf }) => requestHalf, color: 1 },
    { label: t("most"), value: ({ requestMost }) => requestMost, color: 2 },
  ];
}

function lagEvents(): Series[] {
  return [
    { label: t("mirror"), value: ({ mirrorLag }) => mirrorLag, color: 1 },
    { label: t("projections"), value: ({ projectionLag }) => projectionLag, color: 2 },
    { label: t("index"), value: ({ searchLag }) => searchLag, color: 4 },
    { label: t("webhooks"), value: ({ webhookLag }) => webhookLag, color: 3 },
  ];
}

function lagSeconds(): Series[] {
  return [
    { label: t("projections"), value: ({ projectionAge }) => projectionAge, color: 2 },
    { label: t("moderation"), value: ({ moderationAge }) => moderationAge, color: 1 },
    { label: t("webhooks"), value: ({ webhookAge }) => webhookAge, color: 3 },
  ];
}

function errors(): Series[] {
  return [
    { label: t("refused"), value: ({ refused }) => refused, color: 2 },
    { label: t("broken"), value: ({ broken }) => broken, color: 3 },
    { label: t("slow"), value: ({ slow }) => slow, color: 4 },
  ];
}

function load(): Series[] {
  return [
    { label: t("loadRequests"), value: ({ requests }) => requests, color: 1 },
    { label: t("loadConnections"), value: ({ connections }) => connections, color: 2 },
  ];
}
