import { type AnnouncedModel, announcedModel, type ModelPlan, planAnnounced, planPath, planPublished, resolveModel } from '@sallyport/llama-core';
import { loadConfig } from '@sallyport/platform';
import { type Command, InvalidArgumentError } from 'commander';
import { byteSize, parameterCount } from '../../byte-sizes.js';

interface PlanFlags {
  context: number;
  json?: boolean;
}

const DEFAULT_CONTEXT = 8192;

/** `sallyport models plan …`. */
export function registerPlan(models: Command): void {
  models
    .command('plan')
    .description('memory that a model needs, from its shape alone: a published model (llama-guard-3-1b, see docs/models.md), a folder, a GGUF file or hf:org/name')
    .argument('<reference>', 'published model, model folder, GGUF file or hf:org/name')
    .option('--context <tokens>', 'longest sequence', wholeNumber, DEFAULT_CONTEXT)
    .option('--json', 'as JSON')
    .action(plan);
}

async function plan(reference: string, { context, json = false }: PlanFlags): Promise<void> {
  const announced = announcedModel(reference);
  const lines = announced ? announcedLines(announced, json) : planLines(reference, await planOf(reference, context), json);
  console.log(lines);
}

/** Files that are here win over the catalog of shapes. Nothing is downloaded. */
function planOf(reference: string, context: number): Promise<ModelPlan> {
  const path = resolveModel(reference, loadConfig().modelsFolder);
  return path === undefined ? Promise.resolve(planPublished(reference, context)) : planPath(path, context);
}

function planLines(reference: string, plan: ModelPlan, json: boolean): string {
  const totals = Object.fromEntries(Object.entries(plan.weightBytes).map(([precision, bytes]) => [precision, bytes + plan.kvBytes]));
  if (json)
    return JSON.stringify({
      model: reference,
      announced_only: false,
      parameters: plan.parameters,
      active_parameters: plan.activeParameters,
      weight_bytes: plan.weightBytes,
      kv_bytes_per_token: plan.kvBytesPerToken,
      context_tokens: plan.contextTokens,
      max_context_tokens: plan.maxContextTokens,
      kv_bytes: plan.kvBytes,
      total_bytes: totals,
    });
  return [
    `${reference}: ${parametersOf(plan)}, context ${plan.contextTokens} of ${plan.maxContextTokens} tokens`,
    ...Object.entries(plan.weightBytes).map(([precision, bytes]) => `  ${precision.padEnd(8)} ${byteSize(bytes).padStart(8)} weights, ${byteSize(totals[precision]!).padStart(8)} with one sequence`),
    plan.kvBytesPerToken === 0 ? '  a classifier: no keys and values' : `  keys and values: ${byteSize(plan.kvBytesPerToken)} per token, ${byteSize(plan.kvBytes)} per sequence`,
  ].join('\n');
}

function announcedLines(model: AnnouncedModel, json: boolean): string {
  const plan = planAnnounced(model);
  if (json) return JSON.stringify({ model: model.id, announced_only: true, parameters: plan.parameters, active_parameters: plan.activeParameters, weight_bytes: plan.weightBytes, kv_bytes_per_token: null });
  return [`${model.name}, announced only: ${parametersOf(plan)}`, ...Object.entries(plan.weightBytes).map(([precision, bytes]) => `  ${precision.padEnd(8)} ${byteSize(bytes).padStart(8)} weights`), `  ${model.note}`].join('\n');
}

const parametersOf = ({ parameters, activeParameters }: Pick<ModelPlan, 'parameters' | 'activeParameters'>): string =>
  `${parameterCount(parameters)} parameters${activeParameters < parameters ? `, ${parameterCount(activeParameters)} active per token` : ''}`;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number of at least 1.');
  return value;
}
