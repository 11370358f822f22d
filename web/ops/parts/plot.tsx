// A live plot of readings. The newest values stand beside it as text, for everybody and for screen
// readers, which cannot see the picture.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Reading } from "../data/readings.ts";
import { locale } from "../../shared/language.ts";

export type Series<Row = Reading> = {
  label: string;
  value: (reading: Row) => number | null;
  /** The number of one of the plot's colours. */
  color: 1 | 2 | 3 | 4;
};

/** An axis that is not that of the last minutes. */
export type PlotAxis = {
  /** Lines over time, or bars side by side for each name. */
  kind: "time" | "names";
  /** What stands at a place: seconds since 1970, or the number of a name. */
  label: (at: number) => string;
};

interface PlotProps<Row extends { at: number }> {
  title: string;
  series: readonly Series<Row>[];
  readings: readonly Row[];
  /** By default, the time of day. The newest values are shown only then. */
  axis?: PlotAxis;
  format: (value: number | null) => string;
  /** A sentence about what is shown, for those who do not know the words. */
  hint?: string;
  /** Whether only whole numbers make sense. */
  isWhole?: boolean;
}

const HEIGHT = 150;
/** The shortest time that a plot shows, in seconds: an empty one would be all line. */
const SHORTEST = 120;
const WHOLE_STEPS = [1, 2, 5].flatMap((step) => [0, 1, 2, 3, 4, 5, 6].map((n) => step * 10 ** n))
  .sort((a, b) => a - b);

export function Plot<Row extends { at: number }>(props: PlotProps<Row>) {
  const { title, series, readings, axis, format, hint, isWhole } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = readings.at(-1);
  const key = series.map(({ label }) => label).join();

  useLayoutEffect(() => {
    const element = place.current!;
    const draw = () => {
      plot.current?.destroy();
      plot.current = createPlot(element, { series, axis, format, isWhole: isWhole === true });
      plot.current.setData(toColumns(series, readings, axis));
    };
    draw();
    const sizes = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    sizes.observe(element);
    const stop = watchColors(draw);
    return () => {
      sizes.disconnect();
      stop();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [key]);
  useEffect(() => plot.current?.setData(toColumns(series, readings, axis)), [readings]);

  return (
    <figure class="plot">
      <figcaption>
        <h3>{title}</h3>
        {hint && <p class="soft">{hint}</p>}
        <ul class="plot-values">
          {series.map(({ label, color, value }) => (
            <li key={label}>
              <span class={`plot-key color-${color}`} aria-hidden="true" />
              {label}
              {axis === undefined && (
                <strong> {newest === undefined ? "–" : format(value(newest))}</strong>
              )}
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="plot-area" ref={place} aria-hidden="true" />
    </figure>
  );
}

/** A young plot begins with a point without values, so that it shows some time. */
function toColumns<Row extends { at: number }>(
  series: readonly Series<Row>[],
  readings: readonly Row[],
  axis: PlotAxis | undefined,
): uPlot.AlignedData {
  if (axis?.kind === "names") return toGroups(series, readings);
  if (axis !== undefined) {
    return [readings.map(({ at }) => at), ...series.map(({ value }) => readings.map(value))];
  }
  const end = readings.at(-1)?.at ?? Date.now() / 1000;
  const start = end - SHORTEST;
  const isYoung = (readings[0]?.at ?? end) > start;
  const earlier = isYoung ? [null] : [];
  const times = [...(isYoung ? [start] : []), ...readings.map(({ at }) => at)];
  return [times, ...series.map(({ value }) => [...earlier, ...readings.map(value)])];
}

/** The part of the room of a name that its bars take. */
const GROUP_WIDTH = 0.8;

/** Bars side by side: each has a place of its own, at which the other series have no value. */
function toGroups<Row extends { at: number }>(
  series: readonly Series<Row>[],
  rows: readonly Row[],
): uPlot.AlignedData {
  const width = GROUP_WIDTH / series.length;
  const places = rows.flatMap(({ at }) =>
    series.map((_, index) => at + (index + 0.5) * width - GROUP_WIDTH / 2),
  );
  const columns = series.map(({ value }, own) =>
    rows.flatMap((row) => series.map((_, index) => (index === own ? value(row) : null))),
  );
  return [places, ...columns];
}

interface PlotOptions<Row> {
  series: readonly Series<Row>[];
  axis: PlotAxis | undefined;
  format: (value: number | null) => string;
  isWhole: boolean;
}

function createPlot<Row>(element: HTMLElement, plot: PlotOptions<Row>): uPlot {
  const { series, axis: places, format, isWhole } = plot;
  const isOfNames = places?.kind === "names";
  const labelOf = places?.label ?? formatClock;
  const bars = isOfNames ? { paths: uPlot.paths.bars!({ size: [0.9, 40] }) } : {};
  const color = (name: string) => resolveColor(element, name);
  const axis: uPlot.Axis = {
    stroke: color("--text-soft"),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  const options: uPlot.Options = {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    // Half of the last label stands beyond the end.
    padding: [8, 26, 0, 0],
    cursor: { show: false },
    scales: {
      ...(isOfNames && {
        x: { time: false, range: (_, __, max) => [-0.5, Math.floor(max + 0.5) + 0.5] },
      }),
      y: { range: (_, __, max) => [0, Math.max(max * 1.15, isWhole ? 4 : 1)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        values: (_, times) => times.map((at) => (isWholeName(at, isOfNames) ? labelOf(at) : "")),
        space: 90,
        ...(isOfNames && { incrs: WHOLE_STEPS }),
      },
      {
        ...axis,
        size: 58,
        values: (_, values) => values.map(format),
        space: 34,
        ...(isWhole && { incrs: WHOLE_STEPS }),
      },
    ],
    series: [
      {},
      ...series.map((each) => ({
        label: each.label,
        stroke: color(`--plot-${each.color}`),
        ...(isOfNames && { fill: color(`--plot-${each.color}`) }),
        width: isOfNames ? 0 : 1.75,
        spanGaps: false,
        points: { show: places?.kind === "time", size: 4 },
        ...bars,
      })),
    ],
  };
  return new uPlot(options, [[]], element);
}

/** Names stand at whole numbers. */
function isWholeName(at: number, isOfNames: boolean): boolean {
  return !isOfNames || Number.isInteger(at);
}

/** A canvas cannot read what a variable says, only the colour that it gives an element. */
function resolveColor(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function formatClock(seconds: number): string {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  return new Date(seconds * 1000).toLocaleTimeString(locale(), options);
}

/** A canvas does not follow the theme by itself. */
function watchColors(redraw: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", redraw);
  const attributes = new MutationObserver(redraw);
  attributes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    dark.removeEventListener("change", redraw);
    attributes.disconnect();
  };
}
