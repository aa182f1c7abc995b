import { isUtf8 } from 'node:buffer';
import { decodeHTML } from 'entities';
import { isPlausibleText, plausibleUtf8, wholeCharacters } from './plausible-text.js';

/** Finds one way of writing text in other characters. `pattern` matches an encoded stretch (of bounded length: long ones are decoded piece by piece); `decode` returns undefined when it is something else. */
export interface Codec {
  name: 'escape' | 'percent' | 'entity' | 'hex' | 'base64';
  pattern: RegExp;
  decode(stretch: string): string | undefined;
}

/** In this order: outer dress first, so that a percent-encoded base64 string is one level. */
export const CODECS: readonly Codec[] = [
  { name: 'escape', pattern: /(?:\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|\\x[0-9a-f]{2}|%u[0-9a-f]{4}){1,8192}/gi, decode: decodeEscapes },
  { name: 'percent', pattern: /(?:%[0-9a-f]{2}){1,8192}/gi, decode: (stretch) => readable(utf8(stretch.replaceAll('%', ''))) },
  { name: 'entity', pattern: /(?:&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});){1,4096}/gi, decode: (stretch) => changed(stretch, decodeHTML(stretch)) },
  { name: 'hex', pattern: /(?<![0-9a-z])(?:0x)?[0-9a-f]{2}(?:[ ,:-]{1,2}(?:0x)?[0-9a-f]{2}){5,8191}(?![0-9a-z])/gi, decode: (stretch) => decodeHex(stretch.replace(/0x|[ ,:-]/gi, '')) },
  { name: 'hex', pattern: /[0-9a-f]{16,32768}/gi, decode: decodeHex },
  // A line end inside base64 is a wrapped line's.
  { name: 'base64', pattern: /(?:[A-Za-z0-9+/_-]{40,1000}\r?\n){0,1000}[A-Za-z0-9+/_-]{16,32768}={0,2}/g, decode: decodeBase64 },
];

function decodeEscapes(stretch: string): string | undefined {
  const text = stretch.replace(/\\u\{([0-9a-f]+)\}|(?:\\u|\\x|%u|\\U)([0-9a-f]+)/gi, (whole, braced: string | undefined, plain: string | undefined) => {
    const point = Number.parseInt(braced ?? plain ?? '', 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
  // \x escapes may be UTF-8 bytes rather than code points.
  const bytes = /^[\u0080-\u00ff]/.test(text.replace(/[\0-\x7f]/g, '')) && /^[\0-\xff]*$/.test(text) ? plausibleUtf8(Buffer.from(text, 'latin1')) : undefined;
  return changed(stretch, readable(bytes ?? text));
}

const utf8 = (hex: string): string | undefined => {
  const bytes = wholeCharacters(Buffer.from(hex, 'hex'));
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
};

/** Decimal digits alone are hex only where they are more than a number has: most texts have letters that end in a to f. */
const MAX_NUMBER = 32;

function decodeHex(hex: string): string | undefined {
  return hex.length < MAX_NUMBER && !/[a-f]/i.test(hex) ? undefined : plausibleUtf8(Buffer.from(hex, 'hex'));
}

/** Standard and URL-safe alphabet, with or without padding. A stretch of plain letters is a word, not base64. */
function decodeBase64(stretch: string): string | undefined {
  const bare = stretch.replace(/[\r\n=]/g, '');
  const bytes = Buffer.from(bare.slice(0, bare.length - (bare.length % 4 === 1 ? 1 : 0)), 'base64');
  return plausibleUtf8(bytes) ?? plausibleUtf16(bytes);
}

/** Latin text in UTF-16, as PowerShell's encoded commands have it: every second byte is zero. */
function plausibleUtf16(bytes: Buffer): string | undefined {
  for (let at = 1; at < bytes.length; at += 2) if (bytes[at] !== 0) return undefined;
  const text = bytes.toString('utf16le');
  return isPlausibleText(text) ? text : undefined;
}

const changed = (stretch: string, text: string | undefined): string | undefined => (text === stretch ? undefined : text);

const PLAIN = /^[\x20-\x7e\t\n\r]+$/;

/** Single characters may be punctuation or space, which {@link isPlausibleText} alone would refuse; control characters are never let in. */
const readable = (text: string | undefined): string | undefined => (text !== undefined && (PLAIN.test(text) || isPlausibleText(text) || /^[\p{P}\p{S}\p{Z}\p{N}\t\n\r]+$/u.test(text)) ? text : undefined);

const EVERYDAY = /&(?:amp|lt|gt|quot|apos|#39|#x27|#8216|#8217|#8220|#8221|#8211|#8212|#8230);/gi;

/** The text with only those entities decoded that web pages are full of; a text that has no others hides nothing in them. */
export const withoutEverydayEntities = (text: string): string => text.replace(EVERYDAY, (entity) => decodeHTML(entity));
