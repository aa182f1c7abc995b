import type { AuditReport } from '../audits/audit-report.js';
import type { Gaps } from '../audits/gap-tally.js';
import { escapeXml } from '../plots/drawn.js';
import { count, lineList, share } from './markup.js';

/** The first screen: what it is about, the totals, and what was not checked. */
export function summary({ audit, lines, decisions, not_checked, generated_at }: AuditReport): string {
  const tile = (name: string, value: number, tone: string) => `<div class="tile" style="--tone:var(--${tone})"><b>${count(value)}</b><span>${name} (${share(value, lines)})</span></div>`;
  return [
    `<h1>Audit report</h1><p class="facts">${escapeXml(audit.id)} · policy ${escapeXml(audit.policy)} · ${escapeXml(audit.status)} · started ${date(audit.created_at)} · report of ${date(generated_at)}</p>`,
    `<div class="tiles"><div class="tile"><b>${count(lines)}</b><span>lines of ${count(audit.total)}</span></div>`,
    tile('blocked', decisions.block, 'block'), tile('to review', decisions.review, 'review'), tile('allowed', decisions.allow, 'allow'), tile('no decision', decisions.none, 'none'),
    '</div>', gapsPanel(not_checked, audit),
  ].join('');
}

const date = (seconds: number): string => `${new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function gapsPanel(gaps: Gaps, { status, skipped }: AuditReport['audit']): string {
  const sampled = skipped > 0 ? [`${count(skipped)} lines of the file are not in the sample that was asked for.`] : [];
  const found = [...sampled, ...gapLines(gaps, status)];
  const body = found.length === 0 ? '<p>Everything was: every line has a verdict, and every token of it was read.</p>' : `<ul>${found.map((text) => `<li>${escapeXml(text)}</li>`).join('')}</ul>`;
  return `<div class="gaps${found.length > 0 ? ' open' : ''}"><h2>What was not checked</h2>${body}</div>`;
}

function gapLines({ not_reached, unreadable, no_verdict, let_through, unscreened, cut, unjudged }: Gaps, status: string): string[] {
  const codes = Object.entries(unreadable.by_code).map(([code, lines]) => `${code} ${count(lines)}`).join(', ');
  const checks = no_verdict.by_check.map(({ screen, reason, lines }) => `${screen} ${reason} ${count(lines)}`).join(', ');
  const one = (lines: number, text: string): string[] => (lines > 0 ? [`${count(lines)} ${lines === 1 ? 'line' : 'lines'} ${text}`] : []);
  return [
    ...one(not_reached, `without a result: the audit is ${status}.`),
    ...one(unreadable.lines, `could not be read (${codes}): ${lineList(unreadable)}.`),
    ...one(no_verdict.lines, `without the verdict of a check${checks === '' ? '' : ` (${checks})`}: ${lineList(no_verdict)}.`),
    ...one(let_through.lines, `of these let through, because the policy says so: ${lineList(let_through)}.`),
    ...one(unscreened.lines, `with a part that no screen read: ${lineList(unscreened)}.`),
    ...one(cut.lines, `read in part only (${count(cut.tokens_screened)} of ${count(cut.tokens)} tokens of all lines were read): ${lineList(cut)}.`),
    ...Object.entries(unjudged).map(([code, lines]) => `Category ${code}: the guard has no score for it, in ${count(lines)} lines.`),
  ];
}
