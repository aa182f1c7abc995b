import type { Decision, PolicyVersion, RuleHit, ScreenScores } from '@sallyport/contracts';
import { decide, judge, openAiCategories, openAiScores, highestScores, isCustomLabel, type PlannedText, refusalFor, type ScreeningFacts, summarize } from '@sallyport/policy';
import type { GenerationUsage } from './answer.js';

type Stage = 'input' | 'output';

/** What a report begins with; `unscreened` names parts of the request that no screen reads. */
export interface TurnReportParts {
  requestId: string;
  policy: PolicyVersion;
  unscreened: readonly string[];
  /** Languages of the reader, best first. */
  languages?: readonly string[];
}

/** Gathers what the checks of one chat turn said, and writes it in OpenAI's `moderation` shape and in our own. */
export class TurnReport {
  private readonly scores: Record<Stage, Map<string, ScreenScores>> = { input: new Map(), output: new Map() };
  private readonly hits: Record<Stage, RuleHit[]> = { input: [], output: [] };
  private readonly texts: Record<Stage, Map<string, PlannedText>> = { input: new Map(), output: new Map() };
  private readonly redacts: Partial<Record<Stage, ScreeningFacts['redacts']>> = {};
  private readonly unscreened: Set<string>;
  private withheld = false;

  constructor(private readonly parts: TurnReportParts) {
    this.unscreened = new Set(parts.unscreened);
  }

  addInput(outcome: ScreeningFacts): void {
    this.add('input', outcome);
  }

  /** A stream is checked piece by piece: later pieces of the same text are merged with earlier ones. */
  addOutput(outcome: ScreeningFacts): void {
    this.add('output', outcome);
  }

  /** Text of this turn was kept from the client. */
  withhold(): void {
    this.withheld = true;
  }

  refusal(): string {
    return refusalFor(this.facts().decision, this.parts.policy, this.parts.languages);
  }

  decision(stage: Stage): Decision {
    return this.facts(stage).decision;
  }

  /** The extra fields of a response or a final chunk. */
  body(usage: GenerationUsage): Record<string, unknown> {
    const facts = this.facts();
    const { reasons, degraded, waived } = facts.decision;
    return {
      moderation: { input: this.moderation('input'), output: this.moderation('output') },
      sallyport: { request_id: this.parts.requestId, withheld: this.withheld, ...summarize(facts), reasons: reasons.map(({ indeterminate, ...reason }) => (indeterminate ? { ...reason, indeterminate } : reason)), degraded, ...(waived ? { waived } : {}), times: this.times(usage) },
    };
  }

  private add(stage: Stage, { scores, unscreened, hits = [], texts = [], redacts }: ScreeningFacts): void {
    this.redacts[stage] = redacts;
    this.addTexts(stage, texts, hits);
    for (const id of unscreened) this.unscreened.add(id);
    for (const result of scores) {
      const key = `${result.screen}/${result.subject}`;
      const known = this.scores[stage].get(key);
      this.scores[stage].set(key, known ? merge(known, result) : result);
    }
  }

  /** What a block entry found stays found; what an allow entry covered counts only for the newest piece, which is the whole in the end. */
  private addTexts(stage: Stage, texts: readonly PlannedText[], hits: readonly RuleHit[]): void {
    const renewed = new Set(texts.map((text) => text.id));
    for (const text of texts) if ((this.texts[stage].get(text.id)?.text.length ?? -1) < text.text.length) this.texts[stage].set(text.id, text);
    const known = this.hits[stage].filter((hit) => hit.action !== 'allow' || !renewed.has(hit.subject));
    const fresh = hits.filter((hit) => !known.some((other) => other.subject === hit.subject && other.rule === hit.rule));
    this.hits[stage] = [...known, ...fresh];
  }

  /** Everything that was found out, of one stage or of both. */
  facts(stage?: Stage): ScreeningFacts {
    const { policy } = this.parts;
    const stages: Stage[] = stage ? [stage] : ['input', 'output'];
    const scores = stages.flatMap((name) => [...this.scores[name].values()]);
    const verdicts = scores.map((result) => judge(result, policy));
    const hits = stages.flatMap((name) => this.hits[name]);
    const texts = stages.flatMap((name) => [...this.texts[name].values()]);
    return { scores, verdicts, decision: decide(verdicts, policy, { hits }), policy, unscreened: [...this.unscreened], hits, texts, ...(stage && this.redacts[stage] ? { redacts: this.redacts[stage] } : {}) };
  }

  private moderation(stage: Stage) {
    const facts = this.facts(stage);
    const failed = facts.verdicts.find((verdict) => verdict.status === 'indeterminate');
    if (failed) return { type: 'error', code: 'guard_unavailable', message: `The ${failed.screen} check gave no verdict (${failed.reason ?? 'error'}).` };
    const model = [...new Set(facts.scores.map((result) => result.model))].join(' ');
    return { type: 'moderation_results', model, results: facts.scores.length === 0 ? [] : [{ type: 'moderation_result', model, ...moderationResult(facts) }] };
  }

  private times({ queueMs, inferenceMs }: GenerationUsage) {
    const all = [...this.scores.input.values(), ...this.scores.output.values()];
    const most = (values: number[]) => Math.round(Math.max(0, ...values));
    return {
      screen_queue_ms: most(all.map((result) => result.queueMs)),
      screen_inference_ms: Math.round(all.reduce((sum, result) => sum + result.inferenceMs, 0)),
      generate_queue_ms: Math.round(queueMs),
      generate_inference_ms: Math.round(inferenceMs),
    };
  }
}

/** OpenAI's verdict fields: its 13 categories and, beside them, what OpenAI has no key for: attacks, the policy's own categories, and what its lists, rules for personal data and scanners found. */
export function moderationResult(facts: ScreeningFacts) {
  const category_scores = { ...openAiScores(highestScores(facts.scores, 'guard')), ...extraScores(facts) };
  return {
    flagged: facts.decision.action !== 'allow',
    categories: { ...openAiFlags(facts), ...extraFlags(facts) },
    category_scores,
    category_applied_input_types: Object.fromEntries(Object.keys(category_scores).map((key) => [key, ['text']])),
  };
}

function openAiFlags(facts: ScreeningFacts): Record<string, boolean> {
  const guard = isWaived(facts) ? {} : highestScores(facts.scores, 'guard');
  return openAiCategories(guard, facts.policy.document, [...new Set(facts.scores.map((result) => result.direction))]);
}

function extraScores({ scores, hits = [] }: ScreeningFacts): Record<string, number> {
  const { attack } = highestScores(scores, 'prompt-guard');
  const own = Object.entries(highestScores(scores, 'guard')).filter(([label]) => isCustomLabel(label));
  return { ...(attack === undefined ? {} : { attack }), ...Object.fromEntries(own), ...hitScores(hits) };
}

const HIT_SOURCES: ReadonlySet<string> = new Set<RuleHit['source']>(['list', 'pii', 'scanner']);

/** What was redacted is gone and flags nothing. */
function hitScores(hits: readonly RuleHit[]): Record<string, number> {
  const acting = new Set(hits.filter((hit) => hit.action !== 'allow' && !hit.redacted).map((hit) => hit.source));
  return Object.fromEntries([...acting].sort().map((source) => [source, 1]));
}

function extraFlags(facts: ScreeningFacts): Record<string, boolean> {
  const flagged = new Set(isWaived(facts) ? [] : facts.verdicts.flatMap((verdict) => (verdict.flagged && verdict.screen === 'prompt-guard' ? ['attack'] : Object.keys(verdict.categories).filter((label) => verdict.categories[label]!.flagged))));
  return Object.fromEntries(Object.keys(extraScores(facts)).map((key) => [key, HIT_SOURCES.has(key) || flagged.has(key)]));
}

/** True when an allow entry of the policy let a text pass that its scores would have stopped: then no category may say that it is flagged. */
const isWaived = ({ decision }: ScreeningFacts): boolean => decision.action === 'allow' && (decision.waived?.length ?? 0) > 0;

/** The severest scores of both, and the coverage of the longer text; one failed check leaves the text indeterminate. */
function merge(earlier: ScreenScores, later: ScreenScores): ScreenScores {
  const failed = [earlier, later].find((result) => result.status === 'indeterminate');
  const longer = later.coverage.tokens >= earlier.coverage.tokens ? later : earlier;
  const labels = [...new Set([...Object.keys(earlier.scores), ...Object.keys(later.scores)])];
  return {
    ...(failed ?? longer),
    scores: Object.fromEntries(labels.map((label) => [label, Math.max(earlier.scores[label] ?? 0, later.scores[label] ?? 0)])),
    coverage: longer.coverage,
    queueMs: Math.max(earlier.queueMs, later.queueMs),
    inferenceMs: earlier.inferenceMs + later.inferenceMs,
  };
}
