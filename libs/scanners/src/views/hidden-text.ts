import { eachHidden, selectorByte, tagText } from '../unicode/hidden.js';
import { ViewBuilder } from './offset-map.js';
import { isPlausibleText } from './plausible-text.js';
import type { Transformed } from './text-view.js';

/** The text without characters that render as nothing; blank letters become spaces. What emoji and scripts need stays. */
export function visibleText(text: string): Transformed {
  let builder: ViewBuilder | undefined;
  let taken = 0;
  eachHidden(text, ({ kind, start, end, ordinary }) => {
    if (ordinary) return;
    builder ??= new ViewBuilder(text);
    builder.copy(taken, start);
    if (kind === 'filler') builder.put(' ', start, end);
    taken = end;
  });
  builder?.copy(taken, text.length);
  return builder?.finish();
}

/** What tag characters and variation selectors spell, without the visible text around them. */
export function smuggledText(text: string): Transformed {
  const builder = new ViewBuilder(text);
  const bytes: number[] = [];
  let first = -1;
  let last = 0;
  let tags = false;
  eachHidden(text, ({ kind, start, end, ordinary }) => {
    if (ordinary) return;
    if (kind === 'tag') {
      const spelled = tagText(text, start, end);
      tags ||= spelled !== '';
      builder.put(spelled, start, end);
    }
    if (kind !== 'variation-selector') return;
    if (first < 0) first = start;
    last = end;
    for (let at = start; at < end; ) {
      const point = text.codePointAt(at) ?? 0;
      const byte = selectorByte(point);
      if (byte !== undefined) bytes.push(byte);
      at += point > 0xffff ? 2 : 1;
    }
  });
  const spelled = Buffer.from(bytes).toString('utf8');
  const selectors = bytes.length > 1 && isPlausibleText(spelled);
  if (selectors) builder.put(spelled, first, last);
  return tags || selectors ? builder.finish() : undefined;
}
