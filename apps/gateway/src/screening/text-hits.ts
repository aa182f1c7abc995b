import type { PolicyDocument, RuleHit } from '@sallyport/contracts';
import { type PlannedText, scannerHits } from '@sallyport/policy';
import { type Scan, scanHiddenCharacters, scanInsecureCode } from '@sallyport/scanners';
import { actsOnPersonalData, personalDataHits } from './personal-data.js';

const SCANS: Readonly<Record<keyof NonNullable<PolicyDocument['scanners']>, Scan>> = { 'hidden-characters': scanHiddenCharacters, 'insecure-code': scanInsecureCode };
const SCANNERS = Object.keys(SCANS) as Array<keyof typeof SCANS>;

/** What a policy's rules for personal data and its scanners find in one text; no model is asked. `redacts`: whoever holds the text takes out what is to be redacted. */
export function textHits(text: PlannedText, document: PolicyDocument, redacts: boolean): RuleHit[] {
  return [...personalDataHits(text, document, redacts), ...SCANNERS.flatMap((name) => scanned(name, text, document))];
}

/** Scans only where a rule would act on it. */
function scanned(name: keyof typeof SCANS, { id, direction, text }: PlannedText, document: PolicyDocument): RuleHit[] {
  const where = { subject: id, direction };
  if (scannerHits(name, ['any'], where, document).length === 0) return [];
  return scannerHits(name, SCANS[name](text).map(({ kind }) => kind), where, document);
}

/** True when an answer may leave a stream only as a whole: a number or a statement of code can straddle any border, and its first half is too much already. */
export function needsWholeAnswer(document: PolicyDocument): boolean {
  const code = scannerHits('insecure-code', ['any'], { subject: '', direction: 'response' }, document);
  return actsOnPersonalData(document) || code.some(({ action }) => action === 'block');
}
