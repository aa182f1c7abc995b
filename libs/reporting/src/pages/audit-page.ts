import type { AuditReport } from '../audits/audit-report.js';
import { escapeXml } from '../plots/drawn.js';
import { draftSection } from './audit-draft.js';
import { categorySection, originSection, sampleSection, scoreSection, stageSection, timeSection } from './audit-findings.js';
import { summary } from './audit-summary.js';
import { STYLE } from './style.js';

/** The report of an audit as one page that needs nothing beside it: no script, no network. Whatever a log line holds stands in it as text. */
export function auditPage(report: AuditReport): string {
  const nameOf = (code: string) => (report.names[code] === undefined || report.names[code] === code ? code : `${code} ${report.names[code]}`);
  const body = [
    summary(report), timeSection(report), categorySection(report, nameOf), draftSection(report.draft, nameOf), stageSection(report), originSection(report), scoreSection(report, nameOf), sampleSection(report, nameOf),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Audit ${escapeXml(report.audit.id)}</title><style>${STYLE}</style></head><body>${body.join('\n')}</body></html>\n`;
}
