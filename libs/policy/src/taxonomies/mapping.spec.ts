import { SallyportError } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import { listTaxonomies, mapTaxonomy } from '../index.js';

const row = (from: string, to: string, code: string) => mapTaxonomy(from, to).find((category) => category.code === code)?.to.map((target) => `${target.code} ${target.relation}`);

describe('mapTaxonomy', () => {
  it.each<[string, string, string, string[]]>([
    ['llama-guard-2', 'llama-guard-3', 'S5', ['S6 equivalent']],
    ['llama-guard-3', 'llama-guard-2', 'S5', []],
    ['llama-guard-1', 'llama-guard-3', 'O1', ['S1 narrower', 'S10 narrower']],
    ['llama-guard-3', 'llama-guard-1', 'S1', ['O1 broader']],
    ['llama-guard-3', 'mlcommons-ailuminate', 'S13', ['spc broader']],
    ['mlcommons-ailuminate', 'llama-guard-3', 'spc', ['S6 narrower', 'S13 narrower']],
    ['mlcommons-ailuminate', 'llama-guard-4', 'vcr', ['S1 equivalent']],
    ['openai-moderation', 'llama-guard-3', 'sexual/minors', ['S4 equivalent']],
    ['openai-moderation', 'llama-guard-3', 'sexual', ['S3 narrower', 'S12 narrower']],
    ['openai-moderation', 'llama-guard-3', 'harassment', ['S10 related']],
    ['llama-guard-3', 'openai-moderation', 'S11', ['self-harm equivalent', 'self-harm/intent related', 'self-harm/instructions related']],
    ['prompt-guard', 'llama-guard-3', 'jailbreak', []],
    ['prompt-guard', 'prompt-guard', 'jailbreak', ['jailbreak equivalent']],
  ])('%s to %s: %s is %j', (from, to, code, expected) => expect(row(from, to, code)).toEqual(expected));

  it('reads the same both ways', () => {
    const inverse = { equivalent: 'equivalent', broader: 'narrower', narrower: 'broader', related: 'related' };
    for (const { id: from } of listTaxonomies()) for (const { id: to } of listTaxonomies()) for (const { code, to: targets } of mapTaxonomy(from, to)) for (const target of targets) expect(row(to, from, target.code)).toContain(`${code} ${inverse[target.relation]}`);
  });

  it('names the taxonomy that does not exist', () => {
    expect(() => mapTaxonomy('nope', 'llama-guard-3')).toThrow(expect.objectContaining({ code: 'taxonomy_not_found', param: 'taxonomy' }));
    expect(() => mapTaxonomy('llama-guard-3', 'nope')).toThrow(expect.objectContaining({ code: 'taxonomy_not_found', param: 'other' }));
    expect(() => mapTaxonomy('llama-guard-3', 'nope')).toThrow(SallyportError);
  });
});

describe('taxonomies', () => {
  it('name their sources, and no code or meaning stands twice', () => {
    for (const { id, source, url, categories } of listTaxonomies()) {
      expect([id, URL.canParse(url), source.length > 5]).toEqual([id, true, true]);
      for (const key of ['code', 'canonicalId'] as const) expect(new Set(categories.map((category) => category[key])).size).toBe(categories.length);
    }
  });
});
