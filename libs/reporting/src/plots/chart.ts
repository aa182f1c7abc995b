import * as Plot from '@observablehq/plot';
import { drawn, figure } from './drawn.js';

/** A line in the unit square. */
export interface Line {
  name: string;
  points: ReadonlyArray<readonly [x: number, y: number]>;
  dots?: boolean;
}

export interface ChartText {
  title: string;
  x: string;
  y: string;
}

const COLOURS = ['#1f6feb', '#d1242f', '#1a7f37', '#9a6700', '#8250df', '#57606a'];
const [WIDTH, HEIGHT] = [360, 330];
const MOST_POINTS = 400;

/** A figure with lines over the unit square; `diagonal` draws where x equals y. */
export function chart({ title, x, y }: ChartText, lines: readonly Line[], diagonal = false): string {
  const coloured = lines.map((line, i) => ({ ...line, points: [...thinned(line.points)], colour: COLOURS[i % COLOURS.length]! }));
  const svg = drawn(title, {
    width: WIDTH, height: HEIGHT, grid: true,
    x: { domain: [0, 1], label: x, ticks: 5 }, y: { domain: [0, 1], label: y, ticks: 5 },
    marks: [
      ...(diagonal ? [Plot.line([[0, 0], [1, 1]], { strokeDasharray: '4 3', strokeOpacity: 0.5 })] : []),
      ...coloured.map(({ points, colour }) => Plot.line(points as Plot.Data, { stroke: colour, strokeWidth: 1.8 })),
      ...coloured.filter(({ dots }) => dots).map(({ points, colour }) => Plot.dot(points as Plot.Data, { fill: colour, r: 3 })),
    ],
  });
  return figure(title, svg, coloured);
}

/** Enough points to look smooth: a sweep of thousands of rows would make the page heavy. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const step = Math.ceil(points.length / MOST_POINTS);
  return step <= 1 ? points : points.filter((_, i) => i % step === 0 || i === points.length - 1);
}
