import { isUtf8 } from 'node:buffer';

const CONTROL = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\ufffd]/u;
const READABLE = /[\x20-\x7e\p{L}\p{M}\p{N}\p{Zs}\p{P}]/gu;

/** Whether decoded text can have been written to be read: no control characters, two thirds letters, digits, spaces and punctuation, at least one letter or digit. Noise fails because few of its bytes are printable. */
export function isPlausibleText(text: string): boolean {
  const head = text.slice(0, 4096).replace(/[\t\n\r]/g, ' ');
  // A piece of something longer may begin or end in half a pair.
  const sample = head.length < 1024 ? head : head.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  if (sample === '' || CONTROL.test(sample) || !/[\p{L}\p{N}]/u.test(sample)) return false;
  return (sample.match(READABLE)?.length ?? 0) * 3 >= Array.from(sample).length * 2;
}

/** The bytes as text when they are valid UTF-8 and {@link isPlausibleText}, else undefined. */
export function plausibleUtf8(bytes: Buffer): string | undefined {
  const whole = wholeCharacters(bytes);
  if (!isUtf8(whole)) return undefined;
  const text = whole.toString('utf8');
  return isPlausibleText(text) ? text : undefined;
}

/** From this many bytes on they may be a piece of something longer. */
const PIECE_BYTES = 1024;

/** A piece without the halves of characters at its ends; short ones stay as they are, lest noise pass for text. */
export function wholeCharacters(bytes: Buffer): Buffer {
  if (bytes.length < PIECE_BYTES) return bytes;
  const isTail = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  let start = 0;
  while (start < 3 && isTail(start)) start++;
  let lead = bytes.length - 1;
  while (lead > bytes.length - 4 && isTail(lead)) lead--;
  const first = bytes[lead] ?? 0;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return bytes.subarray(start, lead + size > bytes.length ? lead : bytes.length);
}
