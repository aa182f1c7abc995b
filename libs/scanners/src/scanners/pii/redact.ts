import type { Finding } from '../../finding.js';

/** What stands in the text instead, the same for every length. */
const LABELS: Readonly<Record<string, string>> = { email: '[EMAIL]', phone: '[PHONE]', 'payment-card': '[CARD]', iban: '[IBAN]', 'us-ssn': '[SSN]' };
const OTHER = '[REDACTED]';

/** The text with every finding replaced by a label that tells its kind and nothing else. Overlapping findings become one label: the first one's, or `[REDACTED]` if their kinds differ. */
export function redact(text: string, findings: readonly Finding[]): string {
  const parts: string[] = [];
  let taken = 0;
  for (const { start, end, label } of merged(findings)) {
    parts.push(text.slice(taken, start), label);
    taken = end;
  }
  parts.push(text.slice(taken));
  return parts.join('');
}

function merged(findings: readonly Finding[]): Array<{ start: number; end: number; label: string }> {
  const spans: Array<{ start: number; end: number; label: string }> = [];
  for (const { start, end, kind } of [...findings].sort((one, other) => one.start - other.start)) {
    const label = LABELS[kind] ?? OTHER;
    const last = spans.at(-1);
    if (!last || start >= last.end) {
      spans.push({ start, end, label });
      continue;
    }
    last.end = Math.max(last.end, end);
    if (last.label !== label) last.label = OTHER;
  }
  return spans;
}
