import type { PullProgress } from '@sallyport/llama-core';

const BAR_WIDTH = 30;
const MIB = 1024 * 1024;

/** A bar on standard error that grows in a terminal; elsewhere a line per tenth, so that a log stays short. */
export class ProgressBar {
  private shown = '';
  private open = false;

  /** `done` 0–1, undefined while the whole is not known; then `step` says when something new is to be shown. */
  update(done: number | undefined, text: string, step: number = Math.floor((done ?? 0) * 10)): void {
    const terminal = process.stderr.isTTY;
    const now = terminal ? text : String(step);
    if (now === this.shown) return;
    this.shown = now;
    if (terminal) this.draw(done, text);
    else console.error(`  ${text}`);
  }

  /** A line of its own. */
  say(text: string): void {
    this.finish();
    console.error(text);
  }

  /** Ends the bar's line. */
  finish(): void {
    if (this.open) process.stderr.write('\n');
    this.open = false;
    this.shown = '';
  }

  private draw(done: number | undefined, text: string): void {
    const filled = Math.round((done ?? 0) * BAR_WIDTH);
    const bar = done === undefined ? '' : `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(done * 100)).padStart(3)} % `;
    // What the line before had more is erased.
    process.stderr.write(`\r  ${bar}${text}\u001b[K`);
    this.open = true;
  }
}

/** Shows a download. */
export class DownloadProgress {
  private readonly bar = new ProgressBar();

  readonly show = (progress: PullProgress): void => {
    if (progress.type === 'source') this.bar.say(`Downloading from ${progress.text} …`);
    else this.advance(progress);
  };

  finish(): void {
    this.bar.finish();
  }

  private advance({ file, receivedBytes, totalBytes }: Extract<PullProgress, { type: 'bytes' }>): void {
    const amount = `${file} ${mib(receivedBytes)}${totalBytes ? ` of ${mib(totalBytes)}` : ''} MiB`;
    if (totalBytes) this.bar.update(receivedBytes / totalBytes, amount);
    else this.bar.update(undefined, amount, Math.floor(receivedBytes / (10 * MIB)));
  }
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
