interface Block {
  readonly id: number;
  readonly key: string;
  references: number;
}

/**
 * Which blocks of tokens the prefix cache holds, by key: it counts and decides, the runner owns the tensors.
 * A chain is touched from its end to its start, so the least recently used block never has another one built on it.
 */
export class BlockPool {
  /** From least to most recently used. */
  private readonly byKey = new Map<string, Block>();
  private readonly byId = new Map<number, Block>();
  private nextId = 1;

  /** `capacity` in blocks; 0: no cache. */
  constructor(readonly capacity: number) {}

  get size(): number {
    return this.byId.size;
  }

  /** Blocks that somebody is reading from. */
  get referenced(): number {
    return Array.from(this.byId.values()).filter((block) => block.references > 0).length;
  }

  /** Takes a reference on the longest run of blocks from the start that is held; returns their ids. */
  acquire(keys: readonly string[]): number[] {
    const held = keys.slice(0, this.heldOf(keys));
    this.touch(held);
    return held.map((key) => {
      const block = this.byKey.get(key)!;
      block.references += 1;
      return block.id;
    });
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.byId.get(id)!.references -= 1;
  }

  /** How many of the keys, from the start, are held. */
  heldOf(keys: readonly string[]): number {
    const end = keys.findIndex((key) => !this.byKey.has(key));
    return end < 0 ? keys.length : end;
  }

  /** Adds a block, with a reference, whose predecessors are held already. */
  insert(key: string): number {
    const block = { id: this.nextId++, key, references: 1 };
    this.byKey.set(key, block);
    this.byId.set(block.id, block);
    return block.id;
  }

  /** Makes a chain of held blocks the most recently used. */
  touch(keys: readonly string[]): void {
    for (const key of keys.toReversed()) {
      const block = this.byKey.get(key)!;
      this.byKey.delete(key);
      this.byKey.set(key, block);
    }
  }

  /** Drops the least recently used block that nobody reads from; undefined when there is none. */
  evict(): number | undefined {
    for (const block of this.byKey.values()) {
      if (block.references > 0) continue;
      this.byKey.delete(block.key);
      this.byId.delete(block.id);
      return block.id;
    }
    return undefined;
  }
}
