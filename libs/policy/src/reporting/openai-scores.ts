import type { Direction, PolicyDocument } from '@sallyport/contracts';
import { lowestThreshold } from '../judging/rule-in-direction.js';
import { translateCode } from '../taxonomies/crosswalk.js';
import { ANY_HARM, GUARD_TAXONOMY, SAME_CODES } from '../taxonomies/labels.js';

type Scores = Readonly<Record<string, number>>;
/** A key of OpenAI's moderation result: the guard labels whose scores it takes. `all`: each of them must be high; `any`: one is enough. */
interface KeyRule {
  labels: string[];
  combine: 'any' | 'all';
}
const any = (...labels: string[]): KeyRule => ({ labels, combine: 'any' });
const all = (...labels: string[]): KeyRule => ({ labels, combine: 'all' });

/** Reasons and limits of each row: docs/concepts/openai-categories.md. */
const KEYS: Readonly<Record<string, KeyRule>> = {
  harassment: any('harassment', 'S10'),
  'harassment/threatening': all('harassment', 'S1'),
  hate: any('S10'),
  'hate/threatening': all('S10', 'S1'),
  illicit: any('S2', 'S9'),
  'illicit/violent': any('S9'),
  'self-harm': any('S11'),
  'self-harm/intent': any('S11'),
  'self-harm/instructions': all('S11', 'harm'),
  sexual: any('S12', 'S3'),
  'sexual/minors': any('S4'),
  violence: any('S1', 'S9'),
  'violence/graphic': all('S1', 'harm'),
};

/** The 13 keys with scores 0–1 from a guard's labels. */
export function openAiScores(scores: Scores): Record<string, number> {
  return Object.fromEntries(
    Object.entries(KEYS).map(([key, { labels, combine }]) => {
      const values = labels.map((label) => scores[label] ?? 0);
      return [key, combine === 'any' ? Math.max(...values) : Math.min(...values)];
    }),
  );
}

/**
 * Which keys are flagged: those whose score reaches the policy's threshold for the labels behind them, in the direction where it is lowest. Harm of any kind that no
 * single key accounts for is put under the likeliest one, because clients of this contract take "flagged" to mean that some category is.
 */
export function openAiCategories(scores: Scores, policy: PolicyDocument, directions: readonly Direction[] = []): Record<string, boolean> {
  const values = openAiScores(scores);
  const flagged = Object.fromEntries(Object.entries(KEYS).map(([key, { labels }]) => [key, values[key]! >= thresholdOf(key, labels, policy, directions)]));
  const threshold = lowestThreshold(policy.categories[ANY_HARM], directions);
  const harmful = threshold !== undefined && (scores[ANY_HARM] ?? 0) >= threshold;
  if (harmful && !Object.values(flagged).includes(true)) flagged[likeliest(values)] = true;
  return flagged;
}

const likeliest = (values: Scores): string => Object.entries(values).reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];

const FALLBACK_THRESHOLD = 0.5;

/** A policy in OpenAI's own codes says it of the key; one in another taxonomy of the codes that the labels translate to. */
function thresholdOf(key: string, labels: readonly string[], policy: PolicyDocument, directions: readonly Direction[]): number {
  if (policy.taxonomy === 'openai-moderation') return lowestThreshold(policy.categories[key], directions) ?? Number.POSITIVE_INFINITY;
  const codes = labels.flatMap((label) => (SAME_CODES.has(policy.taxonomy) ? [label] : translateCode(label, GUARD_TAXONOMY, policy.taxonomy)));
  const known = codes.flatMap((code) => lowestThreshold(policy.categories[code], directions) ?? []);
  return known.length > 0 ? Math.max(...known) : FALLBACK_THRESHOLD;
}
