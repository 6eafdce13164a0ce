/** The dashboard drawn from Prometheus' answers: one page of HTML and SVG, with the panels where Grafana has them. */
import type { Panel, Unit } from '../../scripts/chart/dashboard.ts';
import type { Line, Span } from '../../test/support/prometheus.ts';

/** A panel with its lines, named as the legend says. */
export interface Answered {
  readonly panel: Panel;
  readonly lines: readonly { readonly name: string; readonly points: Line['points'] }[];
}

const colours = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff9830',
  '#f2495c',
  '#b877d9',
  '#8ab8ff',
  '#96d98d',
  '#ffb357',
  '#ca95e5',
];
const width = 480;
const height = 170;
const margin = { left: 58, right: 22, top: 8, bottom: 20 };
/** Lines in a legend. */
const named = 6;

const style = `
  * { box-sizing: border-box; margin: 0 }
  body { width: 1560px; padding: 16px; background: #111217; color: #ccccdc; font: 13px/1.4 system-ui, sans-serif }
  h1 { font-size: 20px; font-weight: 500 } h2 { font-size: 15px; font-weight: 500; margin: 18px 0 8px }
  .row { display: grid; gap: 8px } .c2 { grid-template-columns: repeat(2, 1fr) } .c3 { grid-template-columns: repeat(3, 1fr) }
  .c4 { grid-template-columns: repeat(4, 1fr) } section { background: #181b1f; border: 1px solid #25272d; border-radius: 3px; padding: 8px }
  h3 { font-size: 13px; font-weight: 500 } .stat { font-size: 44px; text-align: center; line-height: 1.5; font-weight: 500 }
  svg { width: 100%; display: block } text { fill: #9fa1a8; font-size: 11px } ul { list-style: none; padding: 0; min-height: 36px;
  font-size: 11px; display: flex; flex-wrap: wrap; gap: 0 12px } li::before { content: ''; display: inline-block; width: 12px;
  height: 3px; margin: 0 5px 3px 0; background: var(--c) }`;

export function page(title: string, rows: Readonly<Record<string, readonly Answered[]>>, span: Span): string {
  const body = Object.entries(rows).map(([row, panels]) => {
    const columns = panels[0]?.panel.stat || panels.length % 3 !== 0 ? 4 : 3;
    const sections = panels.map((one) => `<section><h3>${text(one.panel.title)}</h3>${drawn(one, span)}</section>`);
    return `<h2>${text(row)}</h2><div class="row c${columns}">${sections.join('')}</div>`;
  });
  return `<!doctype html><meta charset="utf-8"><style>${style}</style><h1>${text(title)}</h1>${body.join('')}`;
}

function drawn(answered: Answered, span: Span): string {
  return answered.panel.stat ? stat(answered, answered.panel.stat.good) : graph(answered, span);
}

function stat({ panel, lines }: Answered, good: number): string {
  const value = lines[0]?.points.at(-1)?.[1] ?? Number.NaN;
  return `<div class="stat" style="color:${value >= good ? '#73bf69' : '#f2495c'}">${format(value, panel.unit)}</div>`;
}

function graph({ panel, lines }: Answered, span: Span): string {
  const finite = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const top = niceTop(Math.max(0, ...finite), panel.unit === 'bytes' ? 2 : 10);
  const x = (at: number) =>
    margin.left + ((at - span.from) / (span.to - span.from)) * (width - margin.left - margin.right);
  const y = (value: number) => height - margin.bottom - (value / top) * (height - margin.top - margin.bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = y(part * top).toFixed(1);
    const label = `<text x="${margin.left - 6}" y="${at}" dy="4" text-anchor="end">${format(part * top, panel.unit)}</text>`;
    return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}" stroke="#2c2f36"/>${label}`;
  });
  const minutes = Array.from({ length: Math.floor((span.to - span.from) / 60) + 1 }, (_, minute) => {
    return `<text x="${x(span.from + minute * 60).toFixed(1)}" y="${height - 5}" text-anchor="${minute === 0 ? 'start' : 'middle'}">${minute} min</text>`;
  });
  const paths = lines.map(({ points }, i) => {
    const d = segments(points, span.step).map(
      (part) => `M${part.map(([at, v]) => `${x(at).toFixed(1)},${y(v).toFixed(1)}`).join('L')}`,
    );
    return `<path d="${d.join('')}" fill="none" stroke="${colours[i % colours.length]}" stroke-width="1.4"/>`;
  });
  const legend = lines
    .slice(0, named)
    .map(({ name }, i) => `<li style="--c:${colours[i % colours.length]}">${text(name)}</li>`);
  const more = lines.length > named ? `<li style="--c:transparent">and ${lines.length - named} more</li>` : '';
  const nothing =
    lines.length === 0 ? `<text x="${width / 2}" y="${height / 2}" text-anchor="middle">nothing</text>` : '';
  return `<svg viewBox="0 0 ${width} ${height}">${[...grid, ...minutes, ...paths].join('')}${nothing}</svg><ul>${legend.join('')}${more}</ul>`;
}

/** Where a value is missing the line is broken. */
function segments(points: Line['points'], step: number): Line['points'][] {
  const parts: (readonly [number, number])[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (!Number.isFinite(point[1])) continue;
    if (point[0] - last > step * 1.5) parts.push([]);
    parts.at(-1)?.push(point);
    last = point[0];
  }
  return parts;
}

function niceTop(highest: number, base: 2 | 10): number {
  if (highest <= 0) return 1;
  const power = base ** Math.floor(Math.log(highest) / Math.log(base));
  return ([1, 2, 4, 5, 10].find((factor) => factor * power >= highest) ?? 10) * power;
}

const scales: Partial<Record<Unit, readonly (readonly [from: number, unit: string])[]>> = {
  s: [
    [60, 'min'],
    [1, 's'],
    [1e-3, 'ms'],
    [0, 'µs'],
  ],
  bytes: [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [1024, 'KiB'],
    [0, 'B'],
  ],
  Bps: [
    [1e6, 'MB/s'],
    [1e3, 'kB/s'],
    [0, 'B/s'],
  ],
  reqps: [[0, '/s']],
};
const divisors: Readonly<Record<string, number>> = { µs: 1e-6, B: 1, 'B/s': 1, '/s': 1 };

function format(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'percentunit') return `${round(value * 100)} %`;
  const [from, name] = (scales[unit] ?? [[0, '']]).find(([least]) => value >= least) ?? [0, ''];
  if (value === 0) return '0';
  return `${round(value / (divisors[name] ?? (from || 1)))} ${name}`.trim();
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function text(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
