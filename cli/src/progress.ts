import type { PullProgress } from '@sallyport/llama-core';

const BAR_WIDTH = 30;
const MIB = 1024 * 1024;

/** Shows a download on standard error: a bar that grows in a terminal, a line per tenth elsewhere. */
export class DownloadProgress {
  private shown = -1;
  private open = false;

  readonly show = (progress: PullProgress): void => {
    if (progress.type === 'source') this.say(`Downloading from ${progress.text} …`);
    else this.advance(progress);
  };

  private advance({ file, receivedBytes, totalBytes }: Extract<PullProgress, { type: 'bytes' }>): void {
    const share = totalBytes ? receivedBytes / totalBytes : undefined;
    const step = share === undefined ? Math.floor(receivedBytes / (10 * MIB)) : Math.floor(share * (process.stderr.isTTY ? 100 : 10));
    if (step === this.shown) return;
    this.shown = step;
    const amount = `${mib(receivedBytes)}${totalBytes ? ` of ${mib(totalBytes)}` : ''} MiB`;
    if (process.stderr.isTTY) this.draw(share, `${file} ${amount}`);
    else console.error(`  ${file} ${amount}`);
  }

  /** Ends the bar's line. */
  finish(): void {
    if (this.open) process.stderr.write('\n');
    this.open = false;
    this.shown = -1;
  }

  private say(text: string): void {
    this.finish();
    console.error(text);
  }

  private draw(share: number | undefined, text: string): void {
    const filled = Math.round((share ?? 0) * BAR_WIDTH);
    const bar = share === undefined ? '' : `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} % `;
    process.stderr.write(`\r  ${bar}${text}`);
    this.open = true;
  }
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
