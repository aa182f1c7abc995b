import type { AuditRow } from './audit-row.js';

const EXAMPLES = 10;

/** Lines of one kind, with the numbers of the first ones. */
export interface LineGroup {
  lines: number;
  first: number[];
}

/** What was not checked, by line. A line can be in several groups. */
export interface Gaps {
  /** Lines that wait for their check, or that an audit which ended early never reached. */
  not_reached: number;
  /** The line itself is broken, so nothing of it was checked. */
  unreadable: LineGroup & { by_code: Record<string, number> };
  /** At least one check gave no verdict. */
  no_verdict: LineGroup & { by_check: Array<{ screen: string; reason: string; lines: number }> };
  /** Lines without a verdict that the policy let pass all the same. */
  let_through: LineGroup;
  /** Lines with a part that no screen read, because no screen can or the policy leaves it out. */
  unscreened: LineGroup;
  /** Lines of which a screen read fewer tokens than they have. */
  cut: LineGroup & { tokens: number; tokens_screened: number };
  /** Custom categories of the policy that the guard could not score: lines by code. */
  unjudged: Record<string, number>;
}

/** Gathers what was not checked. */
export class GapTally {
  private readonly unreadable = { ...group(), by_code: {} as Record<string, number> };
  private readonly noVerdict = group();
  private readonly checks = new Map<string, { screen: string; reason: string; lines: number }>();
  private readonly letThrough = group();
  private readonly unscreened = group();
  private readonly cut = { ...group(), tokens: 0, tokens_screened: 0 };
  private readonly unjudged: Record<string, number> = {};

  add({ result }: AuditRow): void {
    const { line, error, decision, indeterminate = [], unjudged = [] } = result;
    if (error && decision === undefined) {
      put(this.unreadable, line);
      increase(this.unreadable.by_code, error.code);
    }
    if (indeterminate.length > 0 || (error && decision !== undefined)) put(this.noVerdict, line);
    if (indeterminate.length > 0 && decision === 'allow') put(this.letThrough, line);
    for (const check of new Map(indeterminate.map((one) => [`${one.screen} ${one.reason}`, one])).values()) this.check(check);
    for (const code of unjudged) increase(this.unjudged, code);
    this.coverage(result);
  }

  report(notReached: number): Gaps {
    const checks = [...this.checks.values()].sort((a, b) => b.lines - a.lines);
    return { not_reached: notReached, unreadable: this.unreadable, no_verdict: { ...this.noVerdict, by_check: checks }, let_through: this.letThrough, unscreened: this.unscreened, cut: this.cut, unjudged: this.unjudged };
  }

  private check({ screen, reason }: { screen: string; reason: string }): void {
    const known = this.checks.get(`${screen} ${reason}`) ?? { screen, reason, lines: 0 };
    known.lines += 1;
    this.checks.set(`${screen} ${reason}`, known);
  }

  private coverage({ line, coverage }: AuditRow['result']): void {
    if (!coverage) return;
    if (coverage.unscreened.length > 0) put(this.unscreened, line);
    this.cut.tokens += coverage.tokens;
    this.cut.tokens_screened += coverage.tokens_screened;
    if (coverage.tokens_screened < coverage.tokens) put(this.cut, line);
  }
}

const group = (): LineGroup => ({ lines: 0, first: [] });

function put(into: LineGroup, line: number): void {
  into.lines += 1;
  if (into.first.length < EXAMPLES) into.first.push(line);
}

function increase(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
