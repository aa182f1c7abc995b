import type { ClassifierDescription, ScreenKind, ScreenReply, ScreenRequest, ScreenScores, ScreenSubject } from '@sallyport/contracts';
import { SallyportError } from '@sallyport/contracts';
import { type Classifier, type ClassifierInput, LlamaCoreError } from '@sallyport/llama-core';
import { CustomCategoryScorer } from './custom-categories.js';
import type { Screen, ScreenOptions } from './screen.js';
import { textViewsOf } from './model-views.js';
import { type LabelReader, ownLabels } from './prompt-guard-labels.js';
import { type ReadSubject, SubjectReader, type ViewMaker } from './view-scores.js';

/** How a screen turns a subject into what its classifier reads. */
export type InputBuilder = (subject: ScreenSubject) => ClassifierInput;

export interface ScreenIdentity {
  screen: ScreenKind;
  /** Model name; the first 12 hex digits of the content hash are added to it. */
  name: string;
  /** From the classifier's labels to the screen's; default: they are the same. */
  labels?: LabelReader;
  /** Which views of a text are read beside it; default: all that need no tokenizer. */
  viewsOf?: ViewMaker;
}

/** A screen on any classifier: raw scores per subject, never a decision. A failed classification is `indeterminate`, never safe. */
export class ClassifierScreen implements Screen {
  private readonly custom: CustomCategoryScorer;
  private readonly labels: LabelReader;
  private readonly reader: SubjectReader;

  constructor(
    private readonly classifier: Classifier,
    private readonly identity: ScreenIdentity,
    toInput: InputBuilder,
    private readonly onFailure: (error: unknown) => void = () => undefined,
  ) {
    this.custom = new CustomCategoryScorer(classifier);
    this.labels = identity.labels ?? ownLabels(classifier.describe().labels);
    this.reader = new SubjectReader({ classifier, toInput, labels: this.labels, viewsOf: identity.viewsOf ?? textViewsOf });
  }

  describe(): ClassifierDescription {
    const { maxTokens, sha256 } = this.classifier.describe();
    return { id: `${this.identity.name}@${sha256.slice(0, 12)}`, screen: this.identity.screen, labels: this.labels.labels, maxTokens, sha256 };
  }

  /** Scores every subject in request order. Rejects only for a malformed request, an abort or overload; other failures are `indeterminate` scores. */
  async screen(request: ScreenRequest, options: ScreenOptions = {}): Promise<ScreenReply> {
    validateScreenRequest(request);
    const model = this.describe().id;
    try {
      const [classifications, custom] = await Promise.all([this.reader.read(request.subjects, options), this.customScores(request, options)]);
      return { results: request.subjects.map((subject, i) => this.scored(subject, model, withScores(classifications[i], custom[i]))) };
    } catch (error) {
      if (options.signal?.aborted) throw new SallyportError('cancelled', 'The screen was cancelled by its caller.', { cause: error });
      if (error instanceof LlamaCoreError && error.code === 'overloaded') throw new SallyportError('overloaded', `The ${this.identity.screen} queue is full.`, { retryAfterS: 1, cause: error });
      this.onFailure(error);
      return { results: request.subjects.map((subject) => this.indeterminate(subject, model)) };
    }
  }

  private async customScores({ subjects, customCategories = [] }: ScreenRequest, options: ScreenOptions): Promise<Array<Record<string, number>>> {
    return customCategories.length === 0 ? [] : this.custom.score(subjects, customCategories, options);
  }

  close(): Promise<void> {
    return this.classifier.close();
  }

  private scored(subject: ScreenSubject, model: string, result: ReadSubject | undefined): ScreenScores {
    if (!result || !Object.values(result.scores).every(Number.isFinite)) return this.indeterminate(subject, model);
    const { scores, views, tokens, tokensScreened, windows, queueMs, inferenceMs } = result;
    return { ...this.head(subject, model), status: 'scored', scores, ...(views ? { views } : {}), coverage: { tokens, tokensScreened, windows }, queueMs, inferenceMs };
  }

  private indeterminate(subject: ScreenSubject, model: string): ScreenScores {
    return { ...this.head(subject, model), status: 'indeterminate', reason: 'error', scores: {}, coverage: { tokens: 0, tokensScreened: 0, windows: 0 }, queueMs: 0, inferenceMs: 0 };
  }

  private head(subject: ScreenSubject, model: string) {
    return { subject: subject.id, direction: subject.direction, screen: this.identity.screen, model };
  }
}

const withScores = (result: ReadSubject | undefined, more: Record<string, number> = {}): ReadSubject | undefined => result && { ...result, scores: { ...result.scores, ...more } };

/** @throws SallyportError `invalid_request` naming the field. */
export function validateScreenRequest(request: ScreenRequest): void {
  if (!Array.isArray(request?.subjects)) throw new SallyportError('invalid_request', 'Expected an array of subjects.', { param: 'subjects' });
  request.subjects.forEach((subject, i) => {
    if (typeof subject?.text !== 'string') throw new SallyportError('invalid_request', `Expected a string, got ${typeof subject?.text}.`, { param: `subjects[${i}].text` });
    if (typeof subject.id !== 'string') throw new SallyportError('invalid_request', `Expected a string, got ${typeof subject.id}.`, { param: `subjects[${i}].id` });
  });
}
