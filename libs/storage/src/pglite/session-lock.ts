/** Hands the single database session to one holder at a time, in the order of asking. */
export class SessionLock {
  private holder: object | undefined;
  private readonly waiting: Array<{ who: object; grant: () => void }> = [];

  /** Resolves once `who` holds the session; at once when it holds it already. */
  acquire(who: object): Promise<void> {
    if (this.holder === who) return Promise.resolve();
    if (this.holder === undefined) {
      this.holder = who;
      return Promise.resolve();
    }
    return new Promise((grant) => this.waiting.push({ who, grant }));
  }

  /** Gives the session to the next in line; does nothing for one who does not hold it. */
  release(who: object): void {
    if (this.holder !== who) return;
    const next = this.waiting.shift();
    this.holder = next?.who;
    next?.grant();
  }

  /** True while `who` holds the session. */
  isHeldBy(who: object): boolean {
    return this.holder === who;
  }
}
