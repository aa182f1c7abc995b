/** Exit codes of commands that a pipeline reads. */
export const EXIT = {
  /** Done, or nothing to do. */
  ok: 0,
  /** The server or the network failed. */
  failed: 1,
  /** The command was called wrongly, or the document is not a policy. */
  invalid: 2,
  /** Somebody else changed it meanwhile. */
  conflict: 3,
  /** `diff` and `dry-run --fail-on-change` found differences. */
  different: 4,
  /** The key is missing, unknown or may not do that. */
  forbidden: 5,
  /** There is no such policy, version or audit. */
  notFound: 6,
  /** `audit`: every line was checked, and at least one is blocked. */
  blocked: 10,
  /** `audit`: at least one line could not be checked; others may be blocked. */
  unchecked: 11,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
