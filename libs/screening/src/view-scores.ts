import { createHash } from 'node:crypto';
import type { ScreenSubject, ViewScore } from '@sallyport/contracts';
import type { Classification, Classifier, ClassifierInput, ClassifyOptions } from '@sallyport/llama-core';
import { LRUCache } from 'lru-cache';
import { changedPart } from './changed-part.js';
import type { LabelReader } from './prompt-guard-labels.js';

/** A text as it should also be read; what `textViews` of `@sallyport/scanners` makes. */
export interface NamedView {
  name: string;
  text: string;
}

/** The ways in which a text is read beside as it stands; none for most texts. */
export type ViewMaker = (text: string) => NamedView[] | Promise<NamedView[]>;

/** What a reader is made of. */
export interface SubjectReaderParts {
  classifier: Classifier;
  toInput: (subject: ScreenSubject) => ClassifierInput;
  labels: LabelReader;
  viewsOf: ViewMaker;
}

/** A classification in the screen's labels, with the labels that a view raised. */
export interface ReadSubject extends Classification {
  views?: Record<string, ViewScore>;
}

interface Reading {
  subject: number;
  /** Absent: the text as it stands. */
  view?: string;
  input: ClassifierInput;
}

const CLASSIFICATIONS_KEPT = 2_000;

/** Reads subjects as they stand and in every view, all in one batch, and takes the highest score of each label. What was read lately is not read again; only hashes of texts are kept. */
export class SubjectReader {
  private readonly known = new LRUCache<string, Classification>({ max: CLASSIFICATIONS_KEPT });

  constructor(private readonly parts: SubjectReaderParts) {}

  /** One result per subject, in order. @throws LlamaCoreError */
  async read(subjects: readonly ScreenSubject[], options?: ClassifyOptions): Promise<ReadSubject[]> {
    const readings = (await Promise.all(subjects.map((subject, at) => this.readingsOf(subject, at)))).flat();
    const results = await this.classify(readings.map(({ input }) => input), options);
    return subjects.map((subject, at) => this.pool(subject, readings.flatMap((reading, i) => (reading.subject === at ? [{ view: reading.view, result: results[i]! }] : []))));
  }

  private async readingsOf(subject: ScreenSubject, at: number): Promise<Reading[]> {
    const input = this.parts.toInput(subject);
    const views = await this.parts.viewsOf(subject.text);
    return [{ subject: at, input }, ...views.map(({ name, text }) => ({ subject: at, view: name, input: { ...input, text: changedPart(text, subject.text) } }))];
  }

  /** Each distinct input once. */
  private async classify(inputs: readonly ClassifierInput[], options?: ClassifyOptions): Promise<Classification[]> {
    const keys = inputs.map(keyOf);
    const found = new Map<string, Classification>();
    const missing = new Map<string, ClassifierInput>();
    for (const [at, key] of keys.entries()) {
      const known = this.known.get(key);
      if (known) found.set(key, { ...known, queueMs: 0, inferenceMs: 0 });
      else missing.set(key, inputs[at]!);
    }
    const fresh = missing.size === 0 ? [] : await this.parts.classifier.classify([...missing.values()], options);
    for (const [at, key] of [...missing.keys()].entries()) {
      const result = fresh[at]!;
      found.set(key, result);
      if (result && Object.values(result.scores).every(Number.isFinite)) this.known.set(key, result);
    }
    return keys.map((key) => found.get(key)!);
  }

  private pool({ direction }: ScreenSubject, readings: Array<{ view: string | undefined; result: Classification }>): ReadSubject {
    const read = readings.map(({ view, result }) => ({ view, scores: this.parts.labels.read(result.scores, direction) }));
    const [plain, ...others] = read;
    const scores = { ...plain!.scores };
    const views: Record<string, ViewScore> = {};
    for (const { view, scores: own } of others)
      for (const [label, score] of Object.entries(own)) {
        // A broken score of a view has to be seen, not passed over.
        if (score <= (scores[label] ?? 0) || Number.isNaN(scores[label])) continue;
        scores[label] = score;
        views[label] = { view: view!, plain: plain!.scores[label] ?? 0 };
      }
    const results = readings.map(({ result }) => result);
    return {
      ...results[0]!,
      scores,
      ...(Object.keys(views).length > 0 ? { views } : {}),
      windows: results.reduce((sum, { windows }) => sum + windows, 0),
      queueMs: Math.max(...results.map(({ queueMs }) => queueMs)),
      inferenceMs: Math.max(...results.map(({ inferenceMs }) => inferenceMs)),
    };
  }
}

const keyOf = ({ text, context }: ClassifierInput): string => createHash('sha256').update(JSON.stringify([text, context])).digest('base64url');
