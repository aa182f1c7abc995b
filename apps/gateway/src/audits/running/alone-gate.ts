/** Many may be inside together, or one alone. Whoever wants to be alone waits for the others to leave, and holds back those who come later. */
export class AloneGate {
  private inside = 0;
  private tail: Promise<void> = Promise.resolve();
  private emptied: () => void = () => undefined;

  /** Runs together with others. */
  async together<T>(work: () => Promise<T>): Promise<T> {
    await this.tail;
    return this.counted(work);
  }

  /** Runs while nobody else does. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.tail;
    let leave: () => void = () => undefined;
    this.tail = new Promise((resolve) => { leave = resolve; });
    try {
      await before;
      if (this.inside > 0) await new Promise<void>((resolve) => { this.emptied = resolve; });
      return await work();
    } finally {
      leave();
    }
  }

  private async counted<T>(work: () => Promise<T>): Promise<T> {
    this.inside += 1;
    try {
      return await work();
    } finally {
      this.inside -= 1;
      if (this.inside === 0) this.emptied();
    }
  }
}
