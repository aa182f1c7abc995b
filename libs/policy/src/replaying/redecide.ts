import type { Decision, PolicyDocument, PolicyVersion, RuleHit, Verdict } from '@sallyport/contracts';
import { decide } from '../judging/decide.js';
import { judge } from '../judging/judge.js';
import { matchLists } from '../judging/match-lists.js';
import { looksAt, type PlannedText, screensOf } from '../planning/plan-screens.js';
import { fromStored, type StoredScores } from './stored-scores.js';

/** What a policy decides on kept scores; `unjudged` names texts and custom categories that it would have had checked and that no score is kept of. */
export interface Redecision {
  decision: Decision;
  unjudged: string[];
}

/** What else a policy's rules find in a text, beside its lists: personal data and the findings of scanners, which another library looks for. */
export type FindsHits = (text: PlannedText, document: PolicyDocument) => RuleHit[];

/**
 * Decides again on kept scores. With the texts, the policy's lists and its choice of what to look at count as they would have at the time;
 * without them, every score counts.
 */
export function redecide(scores: readonly StoredScores[], policy: PolicyVersion, texts?: readonly PlannedText[], findsHits: FindsHits = () => []): Redecision {
  const { document } = policy;
  const looked = texts?.filter((text) => looksAt(document, text));
  const wanted = looked && new Map(looked.map((text) => [text.id, screensOf(document, text.direction)]));
  const counted = wanted ? scores.filter(({ subject, screen }) => wanted.get(subject)?.includes(screen)) : scores;
  const verdicts = counted.map((stored) => verdictOf(stored, policy));
  const decision = decide(verdicts, policy, { hits: [...matchLists(looked ?? [], document), ...(looked ?? []).flatMap((text) => findsHits(text, document))] });
  const known = new Set(counted.map(({ subject, screen }) => `${screen} ${subject}`));
  const unjudged = [...(wanted ?? [])].filter(([subject, screens]) => screens.some((screen) => !known.has(`${screen} ${subject}`))).map(([subject]) => subject);
  return { decision, unjudged: [...unjudged, ...new Set(verdicts.flatMap((verdict) => verdict.unjudged ?? []))] };
}

function verdictOf(stored: StoredScores, policy: PolicyVersion): Verdict {
  const verdict = judge(fromStored(stored), policy);
  if (!stored.sparse || stored.reason || verdict.status === 'scored') return verdict;
  const { reason: _reason, ...rest } = verdict;
  return { ...rest, status: 'scored' };
}

const CHOICES = ['scope', 'screenSystemMessages', 'screenToolCalls', 'screenDocuments', 'screens'] as const;

/** True when the texts can matter to the difference between two policies: one has lists or rules for findings, or they look at different texts. */
export function textsMatter(before: PolicyDocument, after: PolicyDocument): boolean {
  const lists = [before, after].some(({ lists: own }) => (own?.allow?.length ?? 0) + (own?.block?.length ?? 0) > 0);
  const findings = [before, after].some(({ pii = {}, scanners = {} }) => Object.keys(pii).length + Object.keys(scanners).length > 0);
  return lists || findings || CHOICES.some((choice) => JSON.stringify(before[choice]) !== JSON.stringify(after[choice]));
}
