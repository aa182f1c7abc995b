import { setMaxListeners } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import { type CallOptions, clientToken, type Direction, type PolicyDocument, type PolicyVersion, type ScreenKind, type ScreenScores, type ScreenSubject, type ServiceClient } from '@sallyport/contracts';
import { type AnswerTexts, decide, excludedLabels, judge, looksAt, matchLists, type PlannedText, planAnswer, planPrompt, planText, type PromptTexts, type ScreeningFacts, type ScreenPlan } from '@sallyport/policy';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { type ScreenQuestion, ScreenRunner } from './screen-runner.js';
import { textHits } from './text-hits.js';
import { VerdictCache } from './verdict-cache.js';

/** Who judges, and how long the checks may take. */
export interface ScreeningContext {
  policy: PolicyVersion;
  call: CallOptions;
  /** Texts that their holder sends on without what the policy wants redacted; absent: none, and then such texts are blocked. */
  redacts?(text: PlannedText): boolean;
}

/** Everything that is known about one screened text, turn or line. */
export type ScreeningOutcome = ScreeningFacts;

/** Subjects in one call to a service; more go in several calls side by side, so that no call is too long for its deadline. */
const SUBJECTS_PER_CALL = 16;
const SCREENS: readonly ScreenKind[] = ['prompt-guard', 'guard'];

/** Screens texts by a policy: both screens side by side, then judgement and decision. A failed check is part of the outcome, never an exception. */
@Injectable()
export class ScreeningService {
  private readonly runners: Record<ScreenKind, ScreenRunner>;

  constructor(
    @Inject(clientToken('guard')) guard: ServiceClient,
    @Inject(clientToken('prompt-guard')) promptGuard: ServiceClient,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
    @Inject(GatewayMetrics) metrics: GatewayMetrics,
  ) {
    const cache = new VerdictCache(settings.verdictCache);
    const runner = (screen: ScreenKind, client: ServiceClient) =>
      new ScreenRunner({ screen, client, cache, breaker: new CircuitBreaker({ name: screen, ...settings.breaker }), onResult: (scores, cached) => metrics.screened(scores, cached) });
    this.runners = { guard: runner('guard', guard), 'prompt-guard': runner('prompt-guard', promptGuard) };
  }

  screenPrompt(texts: PromptTexts, context: ScreeningContext): Promise<ScreeningOutcome> {
    return this.one(planPrompt(texts, context.policy.document), context);
  }

  screenAnswer(texts: AnswerTexts, context: ScreeningContext): Promise<ScreeningOutcome> {
    return this.one(planAnswer(texts, context.policy.document), context);
  }

  /** One outcome per text, in order. */
  screenTexts(texts: readonly string[], direction: Direction, context: ScreeningContext): Promise<ScreeningOutcome[]> {
    return this.run(texts.map((text) => planText(text, direction, context.policy.document)), context);
  }

  /** Runs several plans together; one outcome per plan, in order. Throws only `cancelled`. */
  async run(plans: readonly ScreenPlan[], context: ScreeningContext): Promise<ScreeningOutcome[]> {
    // Many calls may share the signal of one request.
    if (context.call.signal) setMaxListeners(0, context.call.signal);
    const byScreen = await Promise.all(SCREENS.map((screen) => this.runScreen(screen, plans, context)));
    return plans.map((plan, index) => this.outcome(plan, byScreen.flatMap((scores) => scores[index] ?? []), context));
  }

  private async one(plan: ScreenPlan, context: ScreeningContext): Promise<ScreeningOutcome> {
    const [outcome] = await this.run([plan], context);
    return outcome!;
  }

  /** Scores of one screen, grouped by plan. Subjects travel under the number of their plan, because ids repeat between plans. */
  private async runScreen(screen: ScreenKind, plans: readonly ScreenPlan[], { policy, call }: ScreeningContext): Promise<ScreenScores[][]> {
    const subjects = plans.flatMap((plan, at) => plan.subjects[screen].map((subject): ScreenSubject => ({ ...subject, id: `${at}/${subject.id}` })));
    const asked = questionOf(policy.document, screen);
    const groups = await Promise.all(groupsOf(subjects, SUBJECTS_PER_CALL).map((group) => this.runners[screen].run(group, call, asked)));
    const byPlan: ScreenScores[][] = plans.map(() => []);
    for (const scores of groups.flat()) {
      const cut = scores.subject.indexOf('/');
      byPlan[Number(scores.subject.slice(0, cut))]?.push({ ...scores, subject: scores.subject.slice(cut + 1) });
    }
    return byPlan;
  }

  private outcome(plan: ScreenPlan, scores: ScreenScores[], { policy, redacts = () => false }: ScreeningContext): ScreeningOutcome {
    const verdicts = scores.map((result) => judge(result, policy));
    const looked = plan.texts.filter((text) => looksAt(policy.document, text));
    const hits = [...matchLists(looked, policy.document), ...looked.flatMap((text) => textHits(text, policy.document, redacts(text)))];
    return { scores, verdicts, decision: decide(verdicts, policy, { hits }), policy, unscreened: plan.unscreened, hits, texts: plan.texts, redacts };
  }
}

/** What a screen is asked beside the subjects: the policy's own categories, and the band in which a cascade asks its large model. */
function questionOf(document: PolicyDocument, screen: ScreenKind): ScreenQuestion {
  const known = questions.get(document) ?? { guard: newQuestion(document, 'guard'), 'prompt-guard': newQuestion(document, 'prompt-guard') };
  questions.set(document, known);
  return known[screen];
}

/** Documents are immutable, and the cache keeps a digest for each question. */
const questions = new WeakMap<PolicyDocument, Record<ScreenKind, ScreenQuestion>>();

function newQuestion(document: PolicyDocument, screen: ScreenKind): ScreenQuestion {
  const { customCategories = [], cascade } = document;
  const custom = customCategories.map(({ code, name, description, examples }) => ({ code, name, description, examples }));
  const excluded = screen === 'guard' ? excludedLabels(document) : [];
  return { ...(screen === 'guard' && custom.length > 0 ? { customCategories: custom } : {}), ...(excluded.length > 0 ? { excluded } : {}), ...(cascade?.[screen] ? { cascade: cascade[screen] } : {}) };
}

function groupsOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
