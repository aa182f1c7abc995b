/** Label of a guard for harm of any kind; a policy may set a rule for it beside the categories of its taxonomy. */
export const ANY_HARM = 'harm';
/** Label of a prompt guard for an attack of any kind. */
export const ANY_ATTACK = 'attack';

const CUSTOM = 'custom:';

/** Label under which a guard returns the score of a custom category. */
export const customLabel = (code: string): string => `${CUSTOM}${code}`;

/** True for the label of a custom category. */
export const isCustomLabel = (label: string): boolean => label.startsWith(CUSTOM);

/** Labels of a guard are codes of this taxonomy, whichever model it runs. */
export const GUARD_TAXONOMY = 'llama-guard-3';
/** Taxonomies whose codes are those labels. */
export const SAME_CODES: ReadonlySet<string> = new Set([GUARD_TAXONOMY, 'llama-guard-4']);
