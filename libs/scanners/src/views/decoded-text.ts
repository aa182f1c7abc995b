import { CODECS, type Codec } from './codecs.js';
import { ViewBuilder } from './offset-map.js';
import { remembered } from './remembered.js';
import { after, type Transformed } from './text-view.js';

/** The text with every encoded stretch (base64, hex, percent, HTML entities, Unicode escapes) decoded where it stands. */
export function decodedText(text: string): Transformed {
  return CODECS.reduce<Transformed>((earlier, codec) => after(earlier, text, (current) => decodeWith(codec, current)) ?? earlier, undefined);
}

/** Single escapes and entities come again and again. */
const SHORT = 12;

function decodeWith(codec: Codec, text: string): Transformed {
  let builder: ViewBuilder | undefined;
  let taken = 0;
  const decodeShort = remembered(codec.decode);
  for (const { index, 0: stretch } of text.matchAll(codec.pattern)) {
    const decoded = stretch.length <= SHORT ? decodeShort(stretch) : codec.decode(stretch);
    if (decoded === undefined) continue;
    builder ??= new ViewBuilder(text);
    builder.copy(taken, index);
    builder.put(decoded, index, index + stretch.length);
    taken = index + stretch.length;
  }
  builder?.copy(taken, text.length);
  return builder?.finish();
}
