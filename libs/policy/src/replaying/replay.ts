import type { Decision, DecisionReason, PolicyAction, PolicyVersion } from '@sallyport/contracts';
import type { PlannedText } from '../planning/plan-screens.js';
import { type FindsHits, redecide } from './redecide.js';
import type { StoredScores } from './stored-scores.js';

/** One row to be judged again. */
export interface ReplayRow {
  line: number;
  id?: string;
  scores: readonly StoredScores[];
  /** Its texts, where they are known: what lists are tried on, and what a policy leaves out. */
  texts?: readonly PlannedText[];
  /** What an example may show. */
  text?: string;
  /** The decision on record; absent: that of the policy replayed as `before`. */
  recorded?: PolicyAction;
}

/** Rows that a rule flagged before and after, and how many it flags newly or no longer. */
export interface CategoryChange {
  before: number;
  after: number;
  added: number;
  removed: number;
}

/** One row whose decision changes. */
export interface ReplayExample {
  line: number;
  id?: string;
  before: PolicyAction;
  after: PolicyAction;
  /** What decides it: the reasons under the policy that is severer about it. */
  reasons: DecisionReason[];
  text?: string;
}

/** What would change if one policy judged in place of another. */
export interface ReplayReport {
  rows: number;
  changed: number;
  decisions: { before: Record<PolicyAction, number>; after: Record<PolicyAction, number> };
  /** Rows by the decision before and the one after. */
  moves: Record<PolicyAction, Record<PolicyAction, number>>;
  by_category: Record<string, CategoryChange>;
  examples: ReplayExample[];
  /** Rows with texts that the new policy would have checked and that no score is kept of. */
  unjudged: number;
}

export interface ReplayOptions {
  before: PolicyVersion;
  after: PolicyVersion;
  /** Examples in the report, spread over the kinds of change. */
  examples?: number;
  /** Default: lists are all that is looked for in texts. */
  findsHits?: FindsHits;
}

const DEFAULT_EXAMPLES = 20;
const none = (): Record<PolicyAction, number> => ({ allow: 0, review: 0, block: 0 });

/** Judges stored scores under two policies and counts the differences. No model runs. */
export class Replay {
  private rows = 0;
  private changed = 0;
  private unjudged = 0;
  private readonly decisions = { before: none(), after: none() };
  private readonly moves = { allow: none(), review: none(), block: none() };
  private readonly categories = new Map<string, CategoryChange>();
  private readonly examples = new Map<string, ReplayExample[]>();

  constructor(private readonly options: ReplayOptions) {}

  add(row: ReplayRow): void {
    const { decision: before } = redecide(row.scores, this.options.before, row.texts, this.options.findsHits);
    const { decision: after, unjudged } = redecide(row.scores, this.options.after, row.texts, this.options.findsHits);
    this.unjudged += Number(unjudged.length > 0);
    const was = row.recorded ?? before.action;
    this.rows += 1;
    this.decisions.before[was] += 1;
    this.decisions.after[after.action] += 1;
    this.moves[was][after.action] += 1;
    this.count(rulesOf(before), rulesOf(after));
    if (was === after.action) return;
    this.changed += 1;
    this.keep({ line: row.line, ...(row.id === undefined ? {} : { id: row.id }), before: was, after: after.action, reasons: (after.action === 'allow' ? before : after).reasons, ...(row.text === undefined ? {} : { text: row.text }) });
  }

  report(): ReplayReport {
    const byCode = [...this.categories].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
    return { rows: this.rows, changed: this.changed, decisions: this.decisions, moves: this.moves, by_category: Object.fromEntries(byCode), examples: this.spread(), unjudged: this.unjudged };
  }

  private count(before: ReadonlySet<string>, after: ReadonlySet<string>): void {
    for (const rule of new Set([...before, ...after])) {
      const change = this.categories.get(rule) ?? { before: 0, after: 0, added: 0, removed: 0 };
      this.categories.set(rule, change);
      change.before += Number(before.has(rule));
      change.after += Number(after.has(rule));
      change.added += Number(!before.has(rule) && after.has(rule));
      change.removed += Number(before.has(rule) && !after.has(rule));
    }
  }

  private get most(): number {
    return this.options.examples ?? DEFAULT_EXAMPLES;
  }

  private keep(example: ReplayExample): void {
    const kind = `${example.before} ${example.after} ${example.reasons[0]?.rule ?? ''}`;
    const known = this.examples.get(kind) ?? [];
    this.examples.set(kind, known);
    if (known.length < this.most) known.push(example);
  }

  /** In turn one of each kind of change, so that a frequent kind does not hide the rare ones; then in line order. */
  private spread(): ReplayExample[] {
    const kinds = [...this.examples.values()];
    const picked: ReplayExample[] = [];
    for (let round = 0; picked.length < this.most && kinds.some((kind) => kind.length > round); round += 1) {
      for (const kind of kinds) if (kind[round] && picked.length < this.most) picked.push(kind[round]!);
    }
    return picked.sort((a, b) => a.line - b.line);
  }
}

/** Rules that ask for more than to let pass. */
const rulesOf = (decision: Decision): Set<string> => new Set(decision.reasons.filter((reason) => reason.action !== 'allow').map((reason) => reason.rule));
