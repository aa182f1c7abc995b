/** Meta's tokenizer generations that are stored as tiktoken files. */
export type TiktokenFamily = 'llama3' | 'llama4';

const numbered = (name: string, count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `<|${name}_${from + i}|>`);

/** A list filled up to a fixed length with reserved names. */
const filled = (named: readonly string[], length: number, from: number): string[] => [...named, ...numbered('reserved_special_token', length - named.length, from)];

/** Source: meta-llama/llama-models, models/llama3/tokenizer.py; the ids follow the 128,000 ordinary ones. */
const LLAMA3 = [
  ...['<|begin_of_text|>', '<|end_of_text|>', '<|reserved_special_token_0|>', '<|reserved_special_token_1|>', '<|finetune_right_pad_id|>', '<|step_id|>'],
  ...['<|start_header_id|>', '<|end_header_id|>', '<|eom_id|>', '<|eot_id|>', '<|python_tag|>', '<|image|>'],
];

/** Source: meta-llama/llama-models, models/llama4/tokenizer.py; the ids follow the 200,000 ordinary ones. */
const LLAMA4 = [
  ...['<|begin_of_text|>', '<|end_of_text|>', '<|fim_prefix|>', '<|fim_middle|>', '<|fim_suffix|>'],
  ...['<|header_start|>', '<|header_end|>', '<|eom|>', '<|eot|>', '<|step|>', ...numbered('text_post_train_reserved_special_token', 6)],
  ...['<|python_start|>', '<|python_end|>', '<|finetune_right_pad|>', ...numbered('text_post_train_reserved_special_token', 61, 8)],
  ...['<|image_start|>', '<|image_end|>', ...numbered('vision_reserved_special_token', 2), '<|tile_x_separator|>', '<|tile_y_separator|>'],
  ...[...numbered('vision_reserved_special_token', 4, 2), '<|image|>', '<|vision_reserved_special_token_6|>', '<|patch|>', ...numbered('vision_reserved_special_token', 1041, 7)],
  ...[...numbered('reasoning_reserved_special_token', 8), '<|reasoning_thinking_start|>', '<|reasoning_thinking_end|>'],
];

/** Control tokens of a family in the order of their ids, which begin after the ordinary tokens. */
export const META_SPECIAL_TOKENS: Readonly<Record<TiktokenFamily, readonly string[]>> = { llama3: filled(LLAMA3, 256, 2), llama4: filled(LLAMA4, 2048, 0) };
