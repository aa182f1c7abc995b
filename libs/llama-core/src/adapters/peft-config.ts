import { LlamaCoreError } from '../errors.js';
import { isObject, JsonFields } from '../model/json-fields.js';
import { firstMatches, fullMatch, holdsSuffix, suffixMatch } from './module-patterns.js';

const invalid = (field: string, message: string) => new LlamaCoreError('adapter_invalid', `${field}: ${message}`, { param: field });
const unsupported = (field: string, message: string) => new LlamaCoreError('adapter_unsupported', `${field}: ${message}`, { param: field });

/** Fields that this reader understands or that change nothing about the maths of a loaded adapter. */
const KNOWN = new Set([
  ...['peft_type', 'r', 'lora_alpha', 'use_rslora', 'rank_pattern', 'alpha_pattern', 'target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern', 'bias', 'init_lora_weights'],
  ...['auto_mapping', 'base_model_name_or_path', 'revision', 'inference_mode', 'peft_version', 'task_type', 'lora_dropout', 'megatron_core', 'qalora_group_size', 'runtime_config', 'eva_config'],
  // Only a transposed Conv1D has weights the other way round; for a Linear peft switches it off.
  'fan_in_fan_out',
]);

/** Starting values that leave the base model as it is. The others (pissa, olora, loftq …) train beside changed base weights. */
const PLAIN_STARTS: unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];
/** Output layers, which 'all-linear' leaves out. */
const OUTPUT_LAYERS = /(^|\.)(lm_head|score|classifier|classification_head)$/;

const isEmpty = (value: unknown): boolean => value === null || value === undefined || value === false || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);

/** An adapter_config.json of a plain LoRA. Source of the rules: huggingface/peft `tuners/lora/config.py`, `tuners/tuners_utils.py`, 0.21. */
export class PeftConfig {
  private readonly fields: JsonFields;

  /** @throws LlamaCoreError `adapter_unsupported` naming the field that asks for other maths, `adapter_invalid` for one of the wrong type. */
  constructor(private readonly json: Record<string, unknown>) {
    this.fields = new JsonFields(json);
    const type = String(json['peft_type'] ?? '(none)');
    if (type !== 'LORA') throw unsupported('peft_type', `expected LORA, got ${type.slice(0, 40)}.`);
    if ((json['bias'] ?? 'none') !== 'none') throw unsupported('bias', "only 'none' is supported.");
    if (!PLAIN_STARTS.includes(json['init_lora_weights'])) throw unsupported('init_lora_weights', 'adapters that were trained beside changed base weights are not supported; convert them to a plain LoRA (peft: path_initial_model_for_weight_conversion).');
    for (const [field, value] of Object.entries(json)) if (!KNOWN.has(field) && !isEmpty(value)) throw unsupported(field, 'not supported; only plain LoRA is.');
    for (const field of ['rank_pattern', 'alpha_pattern']) if (!isEmpty(json[field]) && !isObject(json[field])) throw invalid(field, 'expected an object.');
  }

  /** Modules of the file that the config does not name. peft would leave them out without a word. */
  untargeted(modules: readonly string[]): string[] {
    const targeted = this.matching('target_modules', modules);
    const excluded = isEmpty(this.json['exclude_modules']) ? new Set<string>() : this.matching('exclude_modules', modules);
    return modules.filter((module) => !targeted.has(module) || excluded.has(module));
  }

  /** [rank, scaling] of each module: alpha / r, with rsLoRA alpha / √r. */
  scalings(modules: readonly string[]): Map<string, { rank: number; scaling: number }> {
    const ranks = this.patterned('rank_pattern', modules);
    const alphas = this.patterned('alpha_pattern', modules);
    const rslora = this.fields.flag('use_rslora');
    return new Map(
      modules.map((module) => {
        const rank = this.number(ranks.get(module) ?? this.json['r'] ?? 8, 'r');
        const alpha = this.number(alphas.get(module) ?? this.json['lora_alpha'] ?? 8, 'lora_alpha');
        return [module, { rank, scaling: alpha / (rslora ? Math.sqrt(rank) : rank) }];
      }),
    );
  }

  private number(value: unknown, field: string): number {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw invalid(field, 'expected a number.');
  }

  private matching(field: string, modules: readonly string[]): Set<string> {
    const value = this.json[field];
    if (typeof value === 'string') {
      if (field === 'target_modules' && value.toLowerCase() === 'all-linear') return new Set(modules.filter((module) => !OUTPUT_LAYERS.test(module)));
      return new Set(firstMatches([fullMatch(value)], modules, field).keys());
    }
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw invalid(field, 'expected a list of names, a regular expression or all-linear.');
    const names = new Set<string>(value);
    const found = modules.filter((module) => holdsSuffix(names, module));
    return new Set(field === 'target_modules' ? found.filter((module) => this.transformsLayerOf(module)) : found);
  }

  /** layers_to_transform counts only beside a list of target modules, as in peft. */
  private transformsLayerOf(module: string): boolean {
    const value = this.json['layers_to_transform'];
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return true;
    const layers = Array.isArray(value) ? value : [value];
    const patterns = isEmpty(this.json['layers_pattern']) ? undefined : [this.json['layers_pattern']].flat();
    const parts = module.split('.');
    const at = parts.findIndex((part, i) => i > 0 && /^\d+$/.test(part) && i < parts.length - 1 && (patterns === undefined ? i > 1 : patterns.includes(parts[i - 1])));
    return at > 0 && layers.includes(Number(parts[at]));
  }

  /** Value of the first key of a pattern that fits each module. */
  private patterned(field: string, modules: readonly string[]): Map<string, unknown> {
    const entries = isObject(this.json[field]) ? Object.entries(this.json[field]) : [];
    const first = firstMatches(entries.map(([key]) => suffixMatch(key)), modules, field);
    return new Map([...first].map(([module, index]) => [module, entries[index]?.[1]]));
  }
}
