import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Plot draws into a document; this one has no window and loads nothing. */
const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** A plot as SVG text whose ink is the colour of the text around it, so that it suits light, dark and paper. `label` is read out in its place. */
export function drawn(label: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({ document, style: { fontSize: '11px' }, ...options } as Plot.PlotOptions);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  return svg.outerHTML;
}

/** A heading, a plot under it and what its colours mean. */
export function figure(title: string, svg: string, legend: ReadonlyArray<{ name: string; colour: string }> = []): string {
  const keys = legend.length > 1 ? `<span class="legend">${legend.map(({ name, colour }) => `<span><i style="background:${escapeXml(colour)}"></i>${escapeXml(name)}</span>`).join('')}</span>` : '';
  return `<figure><figcaption>${escapeXml(title)}${keys}</figcaption>${svg}</figure>`;
}

/** Text that stands in XML and HTML, attributes included. */
export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
