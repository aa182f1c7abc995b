const DELIMITERS = [',', '\t', ';', '|'] as const;

export type Delimiter = (typeof DELIMITERS)[number];

const QUOTE = 0x22;
const [NEWLINE, RETURN] = [0x0a, 0x0d];

/** What separates the columns of a header: of the usual characters the one that stands in it most often outside quotes; a comma where there is none. */
export function delimiterOf(head: Buffer): Delimiter {
  const counts = new Map<number, number>(DELIMITERS.map((delimiter) => [delimiter.charCodeAt(0), 0]));
  let quoted = false;
  for (const byte of head) {
    if (byte === QUOTE) quoted = !quoted;
    else if (!quoted && (byte === NEWLINE || byte === RETURN)) break;
    else if (!quoted && counts.has(byte)) counts.set(byte, counts.get(byte)! + 1);
  }
  return DELIMITERS.reduce((best, delimiter) => (counts.get(delimiter.charCodeAt(0))! > counts.get(best.charCodeAt(0))! ? delimiter : best));
}
