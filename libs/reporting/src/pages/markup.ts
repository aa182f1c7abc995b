import { escapeXml } from '../plots/drawn.js';

/** A cell: text, or a number, which stands to the right with its thousands apart. */
export type Cell = string | number | { markup: string };

/** A table; texts are escaped. `empty` stands in place of a table without rows. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly Cell[]>, empty = 'None.'): string {
  if (rows.length === 0) return `<p class="empty">${escapeXml(empty)}</p>`;
  const numeric = head.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  const cells = (row: readonly Cell[]) => row.map((cell, column) => `<td${numeric[column] ? ' class="number"' : ''}>${cellMarkup(cell)}</td>`).join('');
  return `<table><thead><tr>${head.map((title, column) => `<th${numeric[column] ? ' class="number"' : ''}>${escapeXml(title)}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table>`;
}

function cellMarkup(cell: Cell): string {
  if (typeof cell === 'object') return cell.markup;
  return typeof cell === 'number' ? count(cell) : escapeXml(cell);
}

/** What a log says: escaped, and its writing direction kept from turning the page around. */
export const quoted = (text: string): { markup: string } => ({ markup: `<bdi class="said">${escapeXml(text)}</bdi>` });

/** 12,345. */
export const count = (value: number): string => value.toLocaleString('en');

/** 12.3 %, of nothing a dash. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (100 * part) / whole;
  return `${percent > 0 && percent < 0.1 ? '<0.1' : percent.toFixed(1)} %`;
}

/** A section with a heading. */
export const section = (title: string, ...parts: string[]): string => `<section><h2>${escapeXml(title)}</h2>${parts.join('')}</section>`;

export const paragraph = (text: string): string => `<p>${escapeXml(text)}</p>`;

/** 3, 17, 40 … */
export const lineList = ({ lines, first }: { lines: number; first: readonly number[] }): string => (first.length === 0 ? '' : `line${first.length > 1 ? 's' : ''} ${first.join(', ')}${lines > first.length ? ' …' : ''}`);
