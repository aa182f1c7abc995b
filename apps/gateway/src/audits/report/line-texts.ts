import { readStoredLine } from '@sallyport/audit-formats';
import type { PolicyDocument } from '@sallyport/contracts';
import type { PlannedText, StoredScores } from '@sallyport/policy';
import { type AuditItem, readAuditLine } from '../running/audit-line.js';
import { planLine } from '../running/plan-line.js';

/** A stored line as it was read for its audit; undefined where it could not be read. */
export function readStoredItem(line: string): AuditItem | undefined {
  const stored = readStoredLine(line);
  if (stored.kind === 'failure') return undefined;
  try {
    return readAuditLine(Buffer.from(stored.json, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The texts of an item, as the screens of a policy would see them. */
function textsOf(item: AuditItem, policy: PolicyDocument): PlannedText[] {
  return planLine(item, policy).texts;
}

/** The texts that scores are of; undefined unless every score is of one of them, because of others nobody knows which text a score is of. */
export function scoredTexts(item: AuditItem | undefined, scores: readonly StoredScores[], policy: PolicyDocument): PlannedText[] | undefined {
  const texts = item && textsOf(item, policy);
  const ids = new Set(texts?.map((text) => text.id));
  return texts && scores.every((stored) => ids.has(stored.subject)) ? texts : undefined;
}
