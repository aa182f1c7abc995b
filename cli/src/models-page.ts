import { ANNOUNCED_MODELS, planAnnounced, planPublished, PUBLISHED_MODELS, type PublishedModel } from '@sallyport/llama-core';
import { byteSize, parameterCount } from './byte-sizes.js';

const INTRO = `# Models and the memory they need

Written by \`cli/src/models-page.ts\` from the shapes in \`libs/llama-core/src/model/published-models.ts\`; \`models-page.spec.ts\` keeps it up to date. For another context
length, a folder, a GGUF file or a pulled \`hf:\` reference: \`npx sallyport models plan <reference> --context N [--json]\`.

- **float16** is the published checkpoint: two bytes a parameter. Sallyport itself runs unquantized models in float32, which takes twice that.
- **int8**, **int4** are the weights as Sallyport holds them: matrices in blocks of 32 with a float32 scale (and a zero point in int4), a decoder's embeddings in bfloat16 as published, norms in float32, a tied head in blocks beside its table.
- **KV per token** are keys and values of one token of context, in float32.
- Activations of a run come on top: some ten megabytes for a small model, some hundred for a large one.`;

/** docs/models.md. */
export function modelsPage(): string {
  const [classifiers, decoders] = [PUBLISHED_MODELS.filter(isClassifier), PUBLISHED_MODELS.filter((model) => !isClassifier(model))];
  return [
    INTRO,
    '## Generators and Llama Guards',
    table(['model', 'id', 'parameters', 'float16', 'int8', 'int4', 'KV per token', 'KV of its context, at most 8,192', 'longest context'], decoders.map((model) => decoderRow(model))),
    '## Classifiers',
    table(['model', 'id', 'parameters', 'float16', 'float32', 'int8', 'window'], classifiers.map((model) => classifierRow(model))),
    '## Announced only',
    table(['model', 'id', 'parameters', 'float16', 'int8', 'int4'], ANNOUNCED_MODELS.map((model) => {
      const plan = planAnnounced(model);
      return [model.name, `\`${model.id}\``, parametersOf(plan), byteSize(plan.weightBytes.float16), byteSize(plan.weightBytes.int8), byteSize(plan.weightBytes.int4)];
    })),
    '## Notes',
    [...PUBLISHED_MODELS, ...ANNOUNCED_MODELS].filter((model) => model.note !== undefined).map((model) => `- **${model.name}.** ${model.note}`).join('\n'),
  ].join('\n\n').concat('\n');
}

const isClassifier = (model: PublishedModel): boolean => planPublished(model.id, 1).kvBytesPerToken === 0;

function decoderRow(model: PublishedModel): string[] {
  const plan = planPublished(model.id, 8192);
  const { float16, int8, int4 } = plan.weightBytes;
  return [model.name, `\`${model.id}\``, parametersOf(plan), ...[float16, int8, int4, plan.kvBytesPerToken, plan.kvBytes].map(byteSize), plan.maxContextTokens.toLocaleString('en')];
}

function classifierRow(model: PublishedModel): string[] {
  const plan = planPublished(model.id, 512);
  const { float16, float32, int8 } = plan.weightBytes;
  return [model.name, `\`${model.id}\``, parametersOf(plan), ...[float16, float32, int8].map(byteSize), `${plan.maxContextTokens} tokens`];
}

const parametersOf = ({ parameters, activeParameters }: { parameters: number; activeParameters: number }): string =>
  `${parameterCount(parameters)}${activeParameters < parameters ? `, ${parameterCount(activeParameters)} active` : ''}`;

const table = (head: string[], rows: string[][]): string => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
