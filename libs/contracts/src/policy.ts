import type { Coverage, CustomCategoryText, Direction, IndeterminateReason, ScreenKind, ScreenStage } from './screening.js';

/** What a decision can be, mildest first. */
export type PolicyAction = 'allow' | 'review' | 'block';

/** What a rule can ask for. `redact` is for rules that know where in the text the matter stands. */
export type RuleAction = PolicyAction | 'redact';

/** What differs in one direction; absent fields are those of the rule. */
export type DirectionRule = Partial<Pick<CategoryRule, 'enabled' | 'threshold' | 'action'>>;

/** What a policy says of one label. `threshold` is a score 0–1: at or above it the `action` is taken. */
export interface CategoryRule {
  enabled: boolean;
  threshold: number;
  action: PolicyAction;
  directions?: Partial<Record<Direction, DirectionRule>>;
  /** Older spelling of `directions` for thresholds alone; `directions` wins. */
  thresholds?: Partial<Record<Direction, number>>;
}

/** A category that the policy brings itself. A guard returns its score as label `custom:<code>`. */
export interface CustomCategory extends CustomCategoryText, CategoryRule {}

/** Kinds of personal data that a policy can have a rule for: those that are looked for. */
export const PII_KINDS = ['email', 'phone', 'payment-card', 'iban', 'us-ssn'] as const;

/** One kind of personal data. */
export interface PiiRule {
  enabled: boolean;
  action: RuleAction;
  directions?: Partial<Record<Direction, { enabled?: boolean; action?: RuleAction }>>;
}

/** What is done about the findings of a scanner that needs no model. */
export interface ScannerRule {
  enabled: boolean;
  action: PolicyAction;
  directions?: Partial<Record<Direction, { enabled?: boolean; action?: PolicyAction }>>;
}

/** Scanners that a policy can have a rule for. */
export const SCANNERS = ['hidden-characters', 'insecure-code'] as const;

/** One entry of an allow or block list: exactly one of `exact` and `regex` (RE2 syntax). */
export interface ListEntry {
  /** Name in explanations; default: its place, such as `block.0`. */
  id?: string;
  exact?: string;
  regex?: string;
  caseSensitive?: boolean;
  /** Absent: every direction. */
  directions?: Direction[];
  /** Of a block entry only; default `block`. */
  action?: 'review' | 'block';
  note?: string;
}

/** What happens when a screen gives no scores. */
export type FailureAction = 'block' | 'allow';

/** Scores at which a cascade's encoder decides by itself: below `low` it is safe, at or above `high` it is not; in between the large model is asked. */
export interface CascadeBand {
  low: number;
  high: number;
}

/** A refusal: one sentence, or one per language (BCP 47, lower case) with `default` where no other fits. */
export type RefusalText = string | ({ default: string } & Record<string, string>);

/** Which texts are kept beside the content-free records, and for how long. */
export interface Retention {
  text: 'none' | 'flagged' | 'all';
  days: number;
}

/** A policy as data; `categories` is keyed by code of `taxonomy`, `attacks` by attack kind. Optional fields are those that older documents lack; {@link POLICY_DEFAULTS} says what their absence means. */
export interface PolicyDocument {
  name: string;
  description?: string;
  taxonomy: string;
  categories: Record<string, CategoryRule>;
  /** `attack` (any), `injection`, `jailbreak`, `indirect`. */
  attacks: Record<string, CategoryRule>;
  customCategories?: CustomCategory[];
  /** Keyed by kind of personal data. */
  pii?: Record<string, PiiRule>;
  scanners?: Partial<Record<(typeof SCANNERS)[number], ScannerRule>>;
  lists?: { allow?: ListEntry[]; block?: ListEntry[] };
  /** Which screen runs for which direction. */
  screens: Record<ScreenKind, Direction[]>;
  scope: 'conversation' | 'latest';
  screenSystemMessages: boolean;
  screenToolCalls?: boolean;
  screenDocuments?: boolean;
  cascade?: Partial<Record<ScreenKind, CascadeBand>>;
  stream: { mode: 'window' | 'buffer' | 'audit'; holdBackChars: number; holdBackMs: number };
  onFailure: Record<ScreenKind, FailureAction>;
  refusals: { default: RefusalText } & Record<string, RefusalText>;
  retention?: Retention;
}

/** What the absence of an optional field means. */
export const POLICY_DEFAULTS = {
  screenToolCalls: true,
  screenDocuments: true,
  retention: { text: 'none', days: 30 },
} as const satisfies Partial<PolicyDocument>;

/** `draft` was never active; `retired` was. */
export type PolicyState = 'draft' | 'shadow' | 'active' | 'retired';

/** One immutable version of a policy. */
export interface PolicyVersion {
  id: string;
  version: number;
  document: PolicyDocument;
}

/** A version with what is known of its making. */
export interface PolicyVersionRecord extends PolicyVersion {
  state: PolicyState;
  author: string | null;
  note: string | null;
  /** The version that it was made from. */
  parent: number | null;
  /** Seconds since 1970. */
  created_at: number;
}

/** What was done to a policy. */
export type PolicyChange = 'created' | 'activated' | 'rolled_back' | 'shadow_started' | 'shadow_stopped' | 'assigned' | 'unassigned';

/** One line of the audit trail. `actor` is the hash of an API key, or `anonymous`. */
export interface PolicyHistoryEntry {
  seq: number;
  policy: string;
  change: PolicyChange;
  version: number | null;
  /** The version that was active, or in the shadow, before. */
  previous: number | null;
  actor: string;
  note: string | null;
  /** Seconds since 1970. */
  at: number;
}

/** Whose traffic a policy judges, most specific first. */
export const ASSIGNMENT_KINDS = ['key', 'model', 'route'] as const;
export type AssignmentKind = (typeof ASSIGNMENT_KINDS)[number];

/** One assignment: `subject` is a key id, a model or a route; `policy` is `id` or `id@version`. */
export interface PolicyAssignment {
  kind: AssignmentKind;
  subject: string;
  policy: string;
  /** Whether requests of this key may name another policy; only for keys. */
  allowRequest: boolean;
}

/** One label of a verdict: its score against the threshold that judged it. */
export interface CategoryVerdict {
  score: number;
  threshold: number;
  flagged: boolean;
  action: PolicyAction;
}

/** Scores of one screen for one subject, judged by one policy version. */
export interface Verdict {
  subject: string;
  direction: Direction;
  screen: ScreenKind;
  model: string;
  /** `id@version`. */
  policy: string;
  status: 'scored' | 'indeterminate';
  reason?: IndeterminateReason;
  flagged: boolean;
  categories: Record<string, CategoryVerdict>;
  /** Custom categories of the policy that the model gave no score for. */
  unjudged?: string[];
  coverage: Coverage;
  queueMs: number;
  inferenceMs: number;
  /** As in the scores. */
  stage?: ScreenStage;
  engine?: string;
}

/** An entry of a list, a kind of personal data or what a scanner found in a text. It holds no text. */
export interface RuleHit {
  subject: string;
  direction: Direction;
  source: 'list' | 'pii' | 'scanner';
  /** `allow.0`, `block.<id>`, `pii.email`, `insecure-code.<rule>`. */
  rule: string;
  action: RuleAction;
  /** For `redact`: whoever holds the text takes it out. */
  redacted?: boolean;
}

export interface DecisionReason {
  subject: string;
  screen: ScreenKind | RuleHit['source'] | 'alignment';
  direction?: Direction;
  /** The category code or attack kind, `indeterminate`, or the entry of a list. */
  rule: string;
  action: RuleAction;
  score?: number;
  threshold?: number;
  indeterminate?: IndeterminateReason;
  /** For `redact`: the text goes on without it, and this reason blocks nothing. */
  redacted?: boolean;
}

/** Outcome for a whole request. `degraded` is true when a check failed and the policy let the text pass all the same. */
export interface Decision {
  action: PolicyAction;
  policy: string;
  reasons: DecisionReason[];
  degraded: boolean;
  /** Reasons that would have counted, had an allow list not named their text. Absent when there are none. */
  waived?: Array<DecisionReason & { allowedBy: string }>;
}
