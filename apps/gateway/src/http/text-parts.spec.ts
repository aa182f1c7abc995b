import { describe, expect, it } from 'vitest';
import { joinText } from './text-parts.js';

describe('joinText', () => {
  it('joins text and refusal parts by line breaks', () => {
    expect(joinText([{ type: 'text', text: 'one' }, { type: 'refusal', refusal: 'two' }], 'input')).toBe('one\ntwo');
  });

  it('refuses an image by name and place, without repeating its content', () => {
    const parts = [{ type: 'text', text: 'a' }, { type: 'image_url', image_url: { url: 'https://secret.example/x.png' } }] as never;
    expect(() => joinText(parts, 'messages.0.content')).toThrow(expect.objectContaining({ code: 'unsupported_feature', param: 'messages.0.content.1', message: expect.not.stringContaining('secret') }));
  });

  it('refuses a text part without text', () => {
    expect(() => joinText([{ type: 'text' }], 'input')).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
