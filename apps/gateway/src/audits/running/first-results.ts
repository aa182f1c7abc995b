import type { StoredScores } from '@sallyport/policy';
import type { AuditRepository, StoredResult } from '@sallyport/storage';

/** A result that others may have a copy of. */
export interface FirstResult {
  result: StoredResult;
  scores: StoredScores[];
}

/** Lines of an audit that are worked on. */
export interface LineRange {
  auditId: string;
  firstLine: number;
  lines: number;
}

/** Results of the lines that others repeat. A line that is being worked on in this process is waited for: it is always before the one that repeats it, so nobody waits in a circle. */
export class FirstResults {
  private readonly underWay = new Map<LineRange, Promise<unknown>>();

  constructor(private readonly audits: Pick<AuditRepository, 'resultOf'>) {}

  /** Does the work of these lines, and lets others wait for it. */
  async during<T>(range: LineRange, work: () => Promise<T>): Promise<T> {
    const running = work();
    this.underWay.set(range, running.catch(() => undefined));
    try {
      return await running;
    } finally {
      this.underWay.delete(range);
    }
  }

  /** The result of a line, by its number among those that are stored, for one who works on the lines from `asker` on; undefined while there is none that may be copied. */
  async of(auditId: string, number: number, asker: number): Promise<FirstResult | undefined> {
    for (const [range, running] of this.underWay) if (range.auditId === auditId && range.firstLine !== asker && contains(range, number)) await running;
    const first = await this.audits.resultOf(auditId, number);
    return first?.result.error ? undefined : first;
  }
}

const contains = ({ firstLine, lines }: LineRange, number: number): boolean => number >= firstLine && number < firstLine + lines;

/** The result of one line as that of another with the same content. */
export function copyOf({ result, scores }: FirstResult, own: Partial<StoredResult> & { line: number }): FirstResult {
  const { line, input_line: inputLine, id: _id, timestamp: _timestamp, source: _source, duplicate_of: _earlier, ...verdict } = result;
  return { result: { ...own, ...verdict, duplicate_of: inputLine ?? line }, scores };
}
