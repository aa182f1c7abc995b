import type { PolicyVersion } from '@sallyport/contracts';
import { fromStored, judge, type StoredScores } from '@sallyport/policy';
import type { AuditRow } from './audit-row.js';

const EXAMPLES = 10;

/** What the stages of a cascade said. Texts, not lines: a conversation has several. */
export interface StageReport {
  /** Texts that the encoder decided by itself. */
  encoder: number;
  /** Texts that the Llama Guard decided. */
  llama_guard: number;
  /** Of those, texts whose encoder scores were kept, by what each stage flags at the policy's thresholds. */
  compared: { both: number; neither: number; only_encoder: number; only_llama_guard: number };
  /** Lines on which the stages disagree. */
  only_encoder_lines: number[];
  only_llama_guard_lines: number[];
}

/** Compares the encoder of a cascade with its Llama Guard, where both read a text. */
export class StageTally {
  private readonly found: StageReport = { encoder: 0, llama_guard: 0, compared: { both: 0, neither: 0, only_encoder: 0, only_llama_guard: 0 }, only_encoder_lines: [], only_llama_guard_lines: [] };

  constructor(private readonly policy: PolicyVersion) {}

  add({ result, scores }: AuditRow): void {
    for (const stored of scores) this.text(stored, result.line);
  }

  /** Undefined where no cascade judged. */
  report(): StageReport | undefined {
    return this.found.encoder + this.found.llama_guard === 0 ? undefined : this.found;
  }

  private text(stored: StoredScores, line: number): void {
    if (stored.stage === 'encoder') this.found.encoder += 1;
    if (stored.stage !== 'llama-guard') return;
    this.found.llama_guard += 1;
    if (stored.encoder === undefined || stored.reason !== undefined) return;
    const [encoder, guard] = [this.flags({ ...stored, scores: { ...stored.scores, ...stored.encoder } }), this.flags(stored)];
    this.found.compared[encoder ? (guard ? 'both' : 'only_encoder') : guard ? 'only_llama_guard' : 'neither'] += 1;
    if (encoder === guard) return;
    const lines = encoder ? this.found.only_encoder_lines : this.found.only_llama_guard_lines;
    if (lines.length < EXAMPLES && lines.at(-1) !== line) lines.push(line);
  }

  private flags(stored: StoredScores): boolean {
    return judge(fromStored(stored), this.policy).flagged;
  }
}
