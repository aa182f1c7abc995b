import type { Decision, PolicyVersion, RefusalText } from '@sallyport/contracts';
import { ANY_ATTACK } from '../taxonomies/labels.js';

/**
 * The policy's sentence for a blocked text: that of the weightiest rule that has one, in the first of the reader's languages that it is written in.
 * `languages` are lower-case BCP 47 tags, best first; `de-at` also takes `de`.
 */
export function refusalFor(decision: Decision, policy: PolicyVersion, languages: readonly string[] = []): string {
  const { refusals } = policy.document;
  for (const { rule, screen, action } of decision.reasons) {
    if (action !== 'block' && action !== 'redact') continue;
    const own = refusals[rule] ?? (screen === 'prompt-guard' ? refusals[ANY_ATTACK] : undefined);
    if (own !== undefined) return inLanguage(own, languages);
  }
  return inLanguage(refusals.default, languages);
}

function inLanguage(text: RefusalText, languages: readonly string[]): string {
  if (typeof text === 'string') return text;
  for (const language of languages) {
    for (let tag = language; tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
      const own = tag === 'default' ? undefined : text[tag];
      if (own !== undefined) return own;
    }
  }
  return text.default;
}

const MOST_LANGUAGES = 20;

/** The languages of an `Accept-Language` header, best first. */
export function readLanguages(header: string | undefined): string[] {
  const weighed = (header ?? '').split(',', MOST_LANGUAGES).flatMap((part, index) => {
    const [, tag, weight] = /^\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$/.exec(part) ?? [];
    return tag === undefined || Number(weight ?? 1) === 0 ? [] : [{ tag: tag.toLowerCase(), weight: Number(weight ?? 1), index }];
  });
  return weighed.sort((a, b) => b.weight - a.weight || a.index - b.index).map(({ tag }) => tag);
}
