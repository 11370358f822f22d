// A live plot of readings. The newest values stand beside it as text, for everybody and for screen
// readers, which cannot see the picture.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Reading } from "../data/readings.ts";
import { locale } from "../../shared/language.ts";

export type Series = {
  label: string;
  value: (reading: Reading) => number | null;
  /** The number of one of the plot's colours. */
  color: 1 | 2 | 3 | 4;
};

interface PlotProps {
  title: string;
  series: readonly Series[];
  readings: readonly Reading[];
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

export function Plot({ title, series, readings, format, hint, isWhole }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = readings.at(-1);
  const key = series.map(({ label }) => label).join();

  useLayoutEffect(() => {
    const element = place.current!;
    const draw = () => {
      plot.current?.destroy();
      plot.current = createPlot(element, series, format, isWhole === true);
      plot.current.setData(toColumns(series, readings));
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
  useEffect(() => plot.current?.setData(toColumns(series, readings)), [readings]);

  return (
    <figure class="plot">
      <figcaption>
        <h3>{title}</h3>
        {hint && <p class="soft">{hint}</p>}
        <ul class="plot-values">
          {series.map(({ label, color, value }) => (
            <li key={label}>
              <span class={`plot-key color-${color}`} aria-hidden="true" />
              {label} <strong>{newest === undefined ? "–" : format(value(newest))}</strong>
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="plot-area" ref={place} aria-hidden="true" />
    </figure>
  );
}

/** A young plot begins with a point without values, so that it shows some time. */
function toColumns(series: readonly Series[], readings: readonly Reading[]): uPlot.AlignedData {
  const end = readings.at(-1)?.at ?? Date.now() / 1000;
  const start = end - SHORTEST;
  const isYoung = (readings[0]?.at ?? end) > start;
  const earlier = isYoung ? [null] : [];
  const times = [...(isYoung ? [start] : []), ...readings.map(({ at }) => at)];
  return [times, ...series.map(({ value }) => [...earlier, ...readings.map(value)])];
}

function createPlot(
  element: HTMLElement,
  series: readonly Series[],
  format: (value: number | null) => string,
  isWhole: boolean,
): uPlot {
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
      y: { range: (_, __, max) => [0, Math.max(max * 1.15, isWhole ? 4 : 1)] },
    },
    axes: [
      { ...axis, size: 22, values: (_, times) => times.map(formatClock), space: 90 },
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
        width: 1.75,
        spanGaps: false,
        points: { show: false },
      })),
    ],
  };
  return new uPlot(options, [[]], element);
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
