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
const [WIDTH, HEIGHT, LEFT, TOP, SIDE] = [360, 340, 48, 30, 260];
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const MOST_POINTS = 400;

/** An SVG of lines over the unit square with axes, grid and a legend; `diagonal` draws where x equals y. */
export function chart({ title, x, y }: ChartText, lines: readonly Line[], diagonal = false): string {
  const parts = [
    `<text x="${LEFT}" y="18" class="title">${escapeXml(title)}</text>`,
    ...TICKS.flatMap(grid),
    `<text x="${LEFT + SIDE / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeXml(x)}</text>`,
    `<text x="14" y="${TOP + SIDE / 2}" text-anchor="middle" transform="rotate(-90 14 ${TOP + SIDE / 2})">${escapeXml(y)}</text>`,
    ...(diagonal ? [`<path d="M${place([0, 0])}L${place([1, 1])}" class="diagonal"/>`] : []),
    ...lines.flatMap((line, i) => drawn(line, COLOURS[i % COLOURS.length]!)),
    ...(lines.length > 1 ? lines.map(({ name }, i) => legend(name, i)) : []),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escapeXml(title)}">${parts.join('')}</svg>`;
}

/** Text that stands in XML and HTML, attributes included. */
export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const place = ([x, y]: readonly [number, number]): string => `${(LEFT + x * SIDE).toFixed(1)} ${(TOP + (1 - y) * SIDE).toFixed(1)}`;

function grid(tick: number): string[] {
  const [right, up] = [LEFT + tick * SIDE, TOP + (1 - tick) * SIDE];
  return [
    `<path d="M${right} ${TOP}V${TOP + SIDE}M${LEFT} ${up}H${LEFT + SIDE}" class="grid"/>`,
    `<text x="${right}" y="${TOP + SIDE + 14}" text-anchor="middle">${tick}</text><text x="${LEFT - 6}" y="${up + 4}" text-anchor="end">${tick}</text>`,
  ];
}

function drawn({ points, dots = false }: Line, colour: string): string[] {
  const kept = thinned(points);
  const path = `<path d="${kept.map((point, i) => `${i === 0 ? 'M' : 'L'}${place(point)}`).join('')}" fill="none" stroke="${colour}" stroke-width="1.8"/>`;
  return [path, ...(dots ? kept.map((point) => `<circle cx="${place(point).replace(' ', '" cy="')}" r="3" fill="${colour}"/>`) : [])];
}

/** Enough points to look smooth: a sweep of thousands of rows would make the page heavy. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const step = Math.ceil(points.length / MOST_POINTS);
  return step <= 1 ? points : points.filter((_, i) => i % step === 0 || i === points.length - 1);
}

const legend = (name: string, i: number): string => {
  const up = TOP + SIDE - 10 - i * 15;
  return `<path d="M${LEFT + SIDE - 122} ${up - 4}h16" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="3"/><text x="${LEFT + SIDE - 102}" y="${up}">${escapeXml(name.slice(0, 18))}</text>`;
};
