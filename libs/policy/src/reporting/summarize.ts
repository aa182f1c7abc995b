import type { Decision, ModerationSummary, PolicyVersion, RuleHit, ScreenKind, ScreenScores, Verdict } from '@sallyport/contracts';
import type { PlannedText } from '../planning/plan-screens.js';
import { policyName } from '../judging/judge.js';
import { ANY_ATTACK, ANY_HARM } from '../taxonomies/labels.js';

/** Everything that is known about one request or line. */
export interface ScreeningFacts {
  scores: readonly ScreenScores[];
  verdicts: readonly Verdict[];
  decision: Decision;
  policy: PolicyVersion;
  unscreened: readonly string[];
  /** Entries of lists that the texts met. */
  hits?: readonly RuleHit[];
  /** The texts themselves, for another policy to be asked about them; never written anywhere. */
  texts?: readonly PlannedText[];
  /** Whether the holder of a text takes out what a policy wants redacted. */
  redacts?(text: PlannedText): boolean;
}

const HAZARD = /^((S|O)\d+|custom:.+)$/;
const ATTACK_KINDS = ['injection', 'jailbreak', 'indirect'];

/** The highest score of each label over all subjects of one screen. */
export function highestScores(scores: readonly ScreenScores[], screen: ScreenKind): Record<string, number> {
  const highest: Record<string, number> = {};
  for (const result of scores) if (result.screen === screen) for (const [label, score] of Object.entries(result.scores)) highest[label] = Math.max(highest[label] ?? 0, score);
  return highest;
}

/** One moderation verdict as clients and audit files see it. */
export function summarize({ scores, verdicts, decision, policy, unscreened }: ScreeningFacts): ModerationSummary {
  const guard = highestScores(scores, 'guard');
  const attacks = highestScores(scores, 'prompt-guard');
  const failed = verdicts.filter((verdict) => verdict.status === 'indeterminate');
  const unjudged = [...new Set(verdicts.flatMap((verdict) => verdict.unjudged ?? []))];
  return {
    harm: guard[ANY_HARM] ?? null,
    categories: Object.fromEntries(Object.entries(guard).filter(([label]) => HAZARD.test(label))),
    attack: attacks[ANY_ATTACK] ?? null,
    attack_kind: attackKind(verdicts, attacks),
    decision: decision.action,
    policy: policyName(policy),
    models: [...new Set(scores.filter((result) => result.status === 'scored').map((result) => result.model))],
    ...namesOf('stages', scores.flatMap(({ stage }) => stage ?? [])),
    ...namesOf('engines', scores.flatMap(({ engine }) => engine ?? [])),
    coverage: coverageOf(scores, unscreened),
    ...(unjudged.length > 0 ? { unjudged } : {}),
    ...(failed.length > 0 ? { indeterminate: failed.map(({ screen, reason }) => ({ screen, reason: reason ?? 'error' })) } : {}),
  };
}

const namesOf = <Field extends string, Name>(field: Field, names: readonly Name[]) => (names.length > 0 ? ({ [field]: [...new Set(names)] } as Record<Field, Name[]>) : {});

/** The most likely kind, once an attack was flagged. */
function attackKind(verdicts: readonly Verdict[], scores: Record<string, number>): string | null {
  if (!verdicts.some((verdict) => verdict.screen === 'prompt-guard' && verdict.flagged)) return null;
  const known = ATTACK_KINDS.filter((kind) => scores[kind] !== undefined);
  return known.sort((a, b) => scores[b]! - scores[a]!)[0] ?? ANY_ATTACK;
}

/** Tokens of all subjects, each counted once by the screen that read most of it; windows of all screens. */
export function coverageOf(scores: readonly ScreenScores[], unscreened: readonly string[]): ModerationSummary['coverage'] {
  const bySubject = new Map<string, { tokens: number; screened: number }>();
  let windows = 0;
  for (const { subject, status, coverage } of scores) {
    windows += coverage.windows;
    const known = bySubject.get(subject);
    const screened = status === 'scored' ? coverage.tokensScreened : 0;
    bySubject.set(subject, { tokens: Math.max(known?.tokens ?? 0, coverage.tokens), screened: known ? Math.min(known.screened, screened) : screened });
  }
  const subjects = [...bySubject.values()];
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const failed = scores.filter((result) => result.status === 'indeterminate').map((result) => result.subject);
  return { tokens: sum(subjects.map((s) => s.tokens)), tokens_screened: sum(subjects.map((s) => s.screened)), windows, unscreened: [...new Set([...unscreened, ...failed])] };
}
