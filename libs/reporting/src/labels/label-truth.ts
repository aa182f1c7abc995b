import type { AuditLabel } from '@sallyport/contracts';
import { ANY_ATTACK, ANY_HARM } from '@sallyport/policy';

/** What most reviewers of a line say. `categories`: those that at least half of the reviewers who call it harmful name. */
export interface Majority {
  harmful: boolean;
  categories: string[];
}

/** Labels of the prompt guard: a line can be an attack without asking for harm. */
const ATTACKS: ReadonlySet<string> = new Set([ANY_ATTACK, 'injection', 'jailbreak', 'indirect']);

/** The majority among the labels of one line; undefined for a tie. */
export function majorityOf(labels: readonly AuditLabel[]): Majority | undefined {
  const harmful = labels.filter(({ label }) => label === 'harmful');
  if (2 * harmful.length === labels.length) return undefined;
  if (2 * harmful.length < labels.length) return { harmful: false, categories: [] };
  const named = harmful.flatMap(({ categories }) => [...new Set(categories)]);
  return { harmful: true, categories: [...new Set(named)].filter((code) => 2 * named.filter((one) => one === code).length >= harmful.length).sort() };
}

/** Whether a label holds of a line: 1 or 0, undefined where the reviewers did not say what the harm is. */
export function truthOf({ harmful, categories }: Majority, label: string): 0 | 1 | undefined {
  if (!harmful) return 0;
  if (label === ANY_HARM) return categories.length > 0 && categories.every((code) => ATTACKS.has(code)) ? 0 : 1;
  if (categories.length === 0) return undefined;
  if (label === ANY_ATTACK) return categories.some((code) => ATTACKS.has(code)) ? 1 : 0;
  return categories.includes(label) ? 1 : 0;
}
