import { createHash } from 'node:crypto';
import type { CanonicalLine } from '../records/canonical-line.js';
import type { StoredPlace } from '../records/stored-line.js';

/** Words of one entry: four of the digest, the line and the number in storage. */
const WORDS = 6;
const DIGEST_WORDS = 4;
const FIRST_CAPACITY = 1 << 12;

/** First places of contents, by 128 bits of their SHA-256: 24 bytes an entry in a table that is at most three quarters full. */
export class ContentDigests {
  private capacity = FIRST_CAPACITY;
  private table = new Uint32Array(FIRST_CAPACITY * WORDS);
  private count = 0;

  /** The first place of this content; undefined where it is new, and then this is its first. */
  seen(content: CanonicalLine, place: StoredPlace): StoredPlace | undefined {
    const digest = digestOf(content);
    const at = this.find(digest);
    if (this.table[at + DIGEST_WORDS] !== 0) return { line: this.table[at + DIGEST_WORDS]!, number: this.table[at + DIGEST_WORDS + 1]! };
    this.table.set([...digest, place.line, place.number], at);
    this.count += 1;
    if (this.count * 4 > this.capacity * 3) this.grow();
    return undefined;
  }

  /** Offset of the entry of a digest, or of the free one where it belongs; lines count from 1, so a line of 0 is free. */
  private find(digest: ArrayLike<number>): number {
    for (let slot = digest[0]! & (this.capacity - 1); ; slot = (slot + 1) & (this.capacity - 1)) {
      const at = slot * WORDS;
      if (this.table[at + DIGEST_WORDS] === 0 || [0, 1, 2, 3].every((word) => this.table[at + word] === digest[word])) return at;
    }
  }

  private grow(): void {
    const old = this.table;
    this.capacity *= 2;
    this.table = new Uint32Array(this.capacity * WORDS);
    for (let at = 0; at < old.length; at += WORDS) if (old[at + DIGEST_WORDS] !== 0) this.table.set(old.subarray(at, at + WORDS), this.find(old.subarray(at, at + DIGEST_WORDS)));
  }
}

/** Contents are equal when their screens see the same. */
function digestOf({ text, messages, direction }: CanonicalLine): Uint32Array {
  const digest = createHash('sha256').update(JSON.stringify([text ?? null, messages ?? null, direction ?? null])).digest();
  return Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at));
}
