import type { CustomCategoryText, ScreenSubject } from '@sallyport/contracts';
import type { Classification, Classifier, ClassifyOptions } from '@sallyport/llama-core';
import { customLabel } from '@sallyport/policy';
import { LRUCache } from 'lru-cache';

/** Everyday sentences on unlike subjects: what their embeddings have in common says nothing about a subject, so it is taken away from every embedding. */
const BACKGROUND = [
  'What time does the shop close today?', 'The river flows past the old mill.', 'Can you help me write a letter to my landlord?', 'I think the second chapter is the best one.',
  'Here is the summary you asked for.', 'Multiply both sides of the equation by two.', 'He forgot his umbrella at the office.', 'This function returns a list of numbers.',
  'Thanks, that answers my question.', 'The doctor will see you at half past ten.', 'They painted the kitchen yellow.', 'Winter came early to the mountains this year.',
  'Which bus goes to the airport?', 'The company announced its results on Monday.', 'Stir the soup until it is smooth.', 'Our team lost the final after extra time.',
  'Democracy began in ancient Greece.', 'I am learning to play the piano.', 'The file could not be opened.', 'Tell me a short story about a dragon.',
  'The price includes breakfast and a towel.', 'Water boils at a hundred degrees at sea level.', 'Sorry for the late reply.', 'Buy one coat and get the second at half price.',
];

/** Likeness that scores 0.5, and how steeply the score rises there. With the bundled guard, unseen texts of two invented categories reach 0.38–0.67, neutral sentences at most 0.26. */
const EVEN = 0.32;
const STEEPNESS = 16;
/** How much nearer to the positive examples than to the nearest negative one a text must be for 0.5: adverts of all kinds are alike, and so a text of a negative example's kind may be as near to both. */
const MARGIN = 0.05;
const CATEGORIES_KEPT = 200;

interface Examples {
  positive: Float32Array[];
  negative: Float32Array[];
}

/** Scores texts for categories that are given by examples only, by how near their embeddings come to those of the examples. */
export class CustomCategoryScorer {
  private readonly examples = new LRUCache<string, Promise<Examples>>({ max: CATEGORIES_KEPT });
  private background: Promise<Float32Array | undefined> | undefined;

  constructor(private readonly classifier: Classifier) {}

  /** Scores by label `custom:<code>`, one record per subject; empty where the classifier gives no embeddings, or a category has no positive example. */
  async score(subjects: readonly ScreenSubject[], categories: readonly CustomCategoryText[], options?: ClassifyOptions): Promise<Array<Record<string, number>>> {
    const mean = await this.mean();
    if (mean === undefined) return subjects.map(() => ({}));
    const known = (await Promise.all(categories.map(async (category) => ({ label: customLabel(category.code), examples: await this.examplesOf(category, mean) })))).filter(({ examples }) => examples.positive.length > 0);
    const texts = await this.embed(subjects.map((subject) => subject.text), mean, options);
    return texts.map((windows) => Object.fromEntries(known.map(({ label, examples }) => [label, Math.max(...windows.map((window) => scoreOf(window, examples)))])));
  }

  private mean(): Promise<Float32Array | undefined> {
    this.background ??= this.classifier.classify(BACKGROUND.map((text) => ({ text, embed: true }))).then(meanOf);
    this.background.catch(() => { this.background = undefined; });
    return this.background;
  }

  private examplesOf(category: CustomCategoryText, mean: Float32Array): Promise<Examples> {
    const key = JSON.stringify(category.examples);
    const known = this.examples.get(key);
    if (known) return known;
    const { positive, negative } = category.examples;
    const fresh = this.embed([...positive, ...negative], mean).then((all) => ({ positive: all.slice(0, positive.length).flat(), negative: all.slice(positive.length).flat() }));
    fresh.catch(() => this.examples.delete(key));
    this.examples.set(key, fresh);
    return fresh;
  }

  /** Unit vectors, one per window of each text. */
  private async embed(texts: readonly string[], mean: Float32Array, options?: ClassifyOptions): Promise<Float32Array[][]> {
    const results = await this.classifier.classify(texts.map((text) => ({ text, embed: true })), options);
    return results.map(({ embeddings = [] }) => embeddings.map((embedding) => unit(embedding.map((value, i) => value - mean[i]!))));
  }
}

/** Nearness to the positive examples, held against that to the nearest negative one, for negative examples need have nothing in common: a text as near to both scores well below 0.5. */
function scoreOf(window: Float32Array, { positive, negative }: Examples): number {
  const near = likeness(window, positive);
  const away = negative.length === 0 ? near : Math.min(near, EVEN - MARGIN + near - Math.max(...negative.map((example) => dot(window, example))));
  return 1 / (1 + Math.exp(-STEEPNESS * (away - EVEN)));
}

/** Half way between the nearest example and their mean: one example alone is a matter of chance, and a category may have several sides. */
function likeness(window: Float32Array, examples: readonly Float32Array[]): number {
  const all = examples.map((example) => dot(window, example));
  return (Math.max(...all) + all.reduce((sum, value) => sum + value, 0) / all.length) / 2;
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / length);
}

function meanOf(results: readonly Classification[]): Float32Array | undefined {
  const vectors = results.flatMap(({ embeddings = [] }) => embeddings);
  return vectors[0]?.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length);
}
