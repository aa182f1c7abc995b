import { type Decision, SallyportError } from '@sallyport/contracts';

/** True when a decision blocks only because checks gave no verdict: the answer is then an error, not a refusal. */
export function isUnavailable(decision: Decision): boolean {
  // What should be redacted and was not blocks as well.
  const blocking = decision.reasons.filter((reason) => reason.action === 'block' || (reason.action === 'redact' && !reason.redacted));
  return decision.action === 'block' && blocking.every((reason) => reason.indeterminate !== undefined);
}

/** The error for a decision that {@link isUnavailable}: names the checks that failed and why. */
export function unavailableError(decision: Decision): SallyportError {
  const failed = decision.reasons.filter((reason) => reason.indeterminate !== undefined).map((reason) => `${reason.screen} (${reason.indeterminate})`);
  return new SallyportError('guard_unavailable', `A check gave no verdict: ${[...new Set(failed)].join(', ')}. The policy blocks unchecked text; try again.`, { retryAfterS: 2 });
}

/** Throws {@link unavailableError} where it applies. */
export function requireVerdict(decision: Decision): void {
  if (isUnavailable(decision)) throw unavailableError(decision);
}
