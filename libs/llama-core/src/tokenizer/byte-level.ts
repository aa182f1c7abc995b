/** GPT-2's reversible map between bytes and printable characters (printable ASCII and Latin-1 stand for themselves, the rest follow from U+0100). */
function charactersOfBytes(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
}

const CHARACTERS = charactersOfBytes();
const BYTES = new Map(CHARACTERS.map((character, byte) => [character, byte]));

/** How byte-level vocabularies spell these bytes. */
export const byteLevelPiece = (bytes: Uint8Array): string => Array.from(bytes, (byte) => CHARACTERS[byte]!).join('');

/** The bytes that a byte-level piece spells; undefined when it holds a character that stands for no byte. */
export function byteLevelBytes(piece: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const character of piece) {
    const byte = BYTES.get(character);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
