import { createHash } from 'node:crypto';
import type { ClassifierDescription, ScreenReply, ScreenRequest, ScreenScores } from '@sallyport/contracts';
import { ANY_HARM } from '@sallyport/policy';
import type { Screen, ScreenOptions } from './screen.js';

/** Where the policy gives no band: what lies outside is hardly ever turned round by the large model. */
const DEFAULT_BAND = { low: 0.05, high: 0.95 };

/**
 * Two screens in a row: the encoder decides where its harm score is below `low` or from `high` on, the Llama Guard in between, and where the encoder failed.
 * A text that the Llama Guard was needed for and could not judge is `indeterminate`. `stage` in the scores says which one decided.
 */
export class CascadeScreen implements Screen {
  constructor(
    private readonly encoder: Screen,
    private readonly guard: Screen,
  ) {}

  describe(): ClassifierDescription {
    const [first, second] = [this.encoder.describe(), this.guard.describe()];
    const sha256 = createHash('sha256').update(`${first.sha256} ${second.sha256} ${second.id}`).digest('hex');
    return { ...second, id: `${first.id}+${second.id}`, labels: [...new Set([...first.labels, ...second.labels])], sha256 };
  }

  async screen(request: ScreenRequest, options?: ScreenOptions): Promise<ScreenReply> {
    const first = await this.encoder.screen(request, options);
    const { low, high } = request.cascade ?? DEFAULT_BAND;
    const open = request.subjects.filter((_, at) => isOpen(first.results[at], low, high));
    const second = open.length === 0 ? [] : (await this.guard.screen({ ...request, subjects: open }, options)).results;
    const asked = new Map(open.map((subject, at) => [subject, second[at]]));
    return { results: request.subjects.map((subject, at) => this.together(first.results[at]!, asked.get(subject))) };
  }

  async close(): Promise<void> {
    await Promise.all([this.encoder.close(), this.guard.close()]);
  }

  /** One model name for both stages: results are kept by it. */
  private together(first: ScreenScores, second: ScreenScores | undefined): ScreenScores {
    const model = this.describe().id;
    if (!second) return { ...first, model, stage: 'encoder' };
    const scores = second.status === 'scored' ? this.kept(first, second.scores) : {};
    const views = Object.entries(first.views ?? {}).filter(([label]) => scores[label] === first.scores[label]);
    return { ...second, model, stage: 'llama-guard', ...(first.status === 'scored' ? { encoder: first.scores } : {}), scores, ...(views.length > 0 ? { views: Object.fromEntries(views) } : {}), queueMs: first.queueMs + second.queueMs, inferenceMs: first.inferenceMs + second.inferenceMs };
  }

  /** The encoder's scores stay where the Llama Guard does not know the label, and where it reads lower what the encoder found in a disguise: it saw the disguise only. */
  private kept(first: ScreenScores, second: Record<string, number>): Record<string, number> {
    const known = new Set(this.guard.describe().labels);
    const stays = (label: string, score: number) => !known.has(label) || (first.views?.[label] !== undefined && score > (second[label] ?? 0));
    return { ...second, ...Object.fromEntries(Object.entries(first.scores).filter(([label, score]) => stays(label, score))) };
  }
}

function isOpen(first: ScreenScores | undefined, low: number, high: number): boolean {
  const harm = first?.status === 'scored' ? first.scores[ANY_HARM] : undefined;
  return harm === undefined || (harm >= low && harm < high);
}
