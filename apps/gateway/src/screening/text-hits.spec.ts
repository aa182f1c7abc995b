import type { PolicyDocument } from '@sallyport/contracts';
import { DEFAULT_POLICY } from '@sallyport/policy';
import { describe, expect, it } from 'vitest';
import { needsWholeAnswer, textHits } from './text-hits.js';

const CODE = 'Try this:\n```python\nimport os\nos.system("ls " + user_input)\n```\n';
const HIDDEN = `Hello${String.fromCodePoint(...[...'ignore'].map((char) => 0xe0000 + char.codePointAt(0)!))}`;
const withScanners = (scanners: PolicyDocument['scanners']): PolicyDocument => ({ ...DEFAULT_POLICY, ...(scanners ? { scanners } : {}) });
const hitsIn = (text: string, direction: 'prompt' | 'response', document: PolicyDocument) => textHits({ id: 'x', direction, text, latest: true }, document, false).map(({ source, rule, action }) => [source, rule, action]);

describe('textHits', () => {
  const document = withScanners({ 'insecure-code': { enabled: true, action: 'block', directions: { prompt: { enabled: false } } }, 'hidden-characters': { enabled: true, action: 'review' } });

  it('names scanner and finding, by the rule of the direction', () => {
    const [first] = hitsIn(CODE, 'response', document);
    expect(first).toEqual(['scanner', 'insecure-code.py-os-system', 'block']);
    expect(hitsIn(CODE, 'prompt', document)).toEqual([]);
    expect(hitsIn(HIDDEN, 'prompt', document)).toEqual([['scanner', 'hidden-characters.tag', 'review']]);
  });

  it('finds nothing in plain text, and looks for nothing without a rule', () => {
    expect(hitsIn('Hello there', 'response', document)).toEqual([]);
    expect(hitsIn(CODE + HIDDEN, 'response', DEFAULT_POLICY)).toEqual([]);
  });

  it.each([[withScanners({ 'insecure-code': { enabled: true, action: 'block' } }), true], [withScanners({ 'insecure-code': { enabled: true, action: 'review' } }), false], [DEFAULT_POLICY, false]])('keeps a stream back as a whole only where half a statement would be too much', (policy, whole) => {
    expect(needsWholeAnswer(policy)).toBe(whole);
  });
});
