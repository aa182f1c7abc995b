import { join } from 'node:path';
import type { ScreenKind } from '@sallyport/contracts';
import { type Classifier, createEncoderClassifier, loadFolderTokenizer, pullModel } from '@sallyport/llama-core';
import { createLogger, errorFields, type SallyportConfig } from '@sallyport/platform';
import { ClassifierScreen, type InputBuilder } from './classifier-screen.js';
import type { Screen } from './screen.js';
import { modelViews } from './model-views.js';
import { ownLabels, promptGuardLabels } from './prompt-guard-labels.js';

/** What one screening service is: its kind, the model reference of the configuration, and the bundled model. */
export interface ScreenSpec {
  screen: ScreenKind;
  /** `bundled`, a model folder, or `hf:org/name`. */
  reference: string;
  /** Folder under the bundled models, and the model's public name. */
  bundled: { folder: string; name: string };
  toInput: InputBuilder;
}

/** Loads the classifier that a spec names. Bundled weights are stored in 8 bits and run so; others run unquantized. */
export async function openScreen(config: SallyportConfig, { screen, reference, bundled, toInput }: ScreenSpec): Promise<Screen> {
  const logger = createLogger({ service: screen, level: config.logLevel });
  const own = reference === 'bundled';
  const model = own ? join(config.bundledModelsFolder, bundled.folder) : await pullModel(reference, { modelsFolder: config.modelsFolder, ...config.hub });
  const classifier = await createEncoderClassifier({ model, threads: config.threads, cacheFolder: config.graphsFolder, quantization: own ? 'int8' : 'none' });
  const { labels, tokenizer } = await readingOf(screen, model, classifier).catch(async (error: unknown) => {
    await classifier.close();
    throw error;
  });
  return new ClassifierScreen(classifier, { screen, name: own ? bundled.name : reference, labels, viewsOf: modelViews(tokenizer) }, toInput, (error) => logger.error(errorFields(error), 'a text could not be scored'));
}

/** What the model's labels mean, and the tokenizer that a view is made with. */
async function readingOf(screen: ScreenKind, model: string, classifier: Classifier) {
  const { labels } = classifier.describe();
  const { tokenizer } = await loadFolderTokenizer(model);
  return { labels: screen === 'prompt-guard' ? promptGuardLabels(labels) : ownLabels(labels), tokenizer };
}
