import type { Decision, DecisionReason } from '@sallyport/contracts';

/** A decision in sentences for people: which rule, which score against which threshold, in which text, by which version. Holds nothing of the text. */
export function explain(decision: Decision): string[] {
  const head = `${decision.policy} decided ${decision.action}${decision.degraded ? ', although a check failed: the policy lets that pass' : ''}.`;
  const reasons = decision.reasons.map((reason) => `${sentence(reason)}: ${reason.action}.`);
  const waived = (decision.waived ?? []).map((reason) => `${sentence(reason)}, but ${reason.allowedBy} allows the text.`);
  return [head, ...reasons, ...waived];
}

function sentence({ rule, score, threshold, subject, direction, screen, indeterminate, redacted }: DecisionReason): string {
  const place = `${subject}${direction ? ` (${direction})` : ''}`;
  if (indeterminate) return `The ${screen} check of ${place} gave no verdict (${indeterminate})`;
  if (screen === 'alignment') return `The agent of ${place} no longer serves its user`;
  if (redacted) return `${rule} was taken out of ${place}`;
  if (score === undefined || threshold === undefined) return `${rule} matches ${place}`;
  return `${rule} scores ${score.toFixed(3)}, at or above ${threshold}, in ${place}`;
}
