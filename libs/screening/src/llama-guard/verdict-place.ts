import type { Engine, Tokenizer } from '@sallyport/llama-core';
import { LlamaCoreError } from '@sallyport/llama-core';
import { type GuardPrompt, type LlamaGuardVersion, llamaGuardPrompt, verdictLead } from '@sallyport/policy';

/** Where a model's verdict stands: what comes between prompt and verdict, and what the verdict's own spelling begins with. */
export interface VerdictPlace {
  lead: string;
  before: '' | ' ';
}

/**
 * Places by likelihood. Llama Guard 1 was trained on `prompt + " " + verdict`; copies of Llama Guard 2 differ in whether a blank line comes first;
 * 3 and 4 write the blank line that their templates leave out.
 */
const PLACES: Partial<Record<LlamaGuardVersion, readonly VerdictPlace[]>> = {
  'llama-guard-1': [{ lead: '', before: ' ' }, { lead: '', before: '' }],
  'llama-guard-2': [{ lead: '', before: '' }, { lead: '\n\n', before: '' }, { lead: '', before: ' ' }],
};

export const verdictPlaces = (version: LlamaGuardVersion): readonly VerdictPlace[] => PLACES[version] ?? [{ lead: verdictLead(version), before: '' }];

/** Ids of a prompt up to where its verdict stands: control tokens come from the template alone, and there is one BOS. */
export async function promptIds({ parts }: Pick<GuardPrompt, 'parts'>, tokenizer: Tokenizer, { lead }: VerdictPlace): Promise<number[]> {
  return tokenizer.withBos(await tokenizer.encodeParts([...parts, { text: lead, control: true }]));
}

/**
 * The place at which a model answers a harmless question with one of its verdicts.
 * @throws LlamaCoreError `config_invalid` when it does so at none: this is no Llama Guard of that version.
 */
export async function findVerdictPlace(engine: Engine, tokenizer: Tokenizer, version: LlamaGuardVersion): Promise<VerdictPlace> {
  const prompt = llamaGuardPrompt(version, [{ role: 'user', content: 'What is the capital of France?' }], { form: 'corrected' });
  for (const place of verdictPlaces(version)) {
    const [likeliest] = await nextIds(engine, await promptIds(prompt, tokenizer, place));
    const verdicts = await Promise.all(['safe', 'unsafe'].map(async (verdict) => (await tokenizer.encodeContinuation(place.before + verdict))[0]));
    if (likeliest !== undefined && verdicts.includes(likeliest)) return place;
  }
  throw new LlamaCoreError('config_invalid', `Asked about a harmless prompt, the model does not begin with safe or unsafe where a ${version} does. Is it another version? Name it after the reference, such as @llama-guard-3-8b.`, { param: 'SALLYPORT_GUARD' });
}

async function nextIds(engine: Engine, tokenIds: number[]): Promise<number[]> {
  const ids: number[] = [];
  for await (const event of engine.generate({ prompt: { tokenIds }, maxTokens: 1, ignoreEos: true })) if (event.type === 'text') ids.push(...event.tokens.map(({ id }) => id));
  return ids;
}
