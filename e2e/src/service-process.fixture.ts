import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';

export const root = dirname(dirname(import.meta.dirname));

/** One service as a real process of this machine, with its output kept for the failure message. */
export class ServiceProcess {
  private output = '';
  readonly child: ChildProcess;

  constructor(
    readonly name: string,
    script: string,
    args: string[],
    env: Record<string, string>,
  ) {
    this.child = spawn(process.execPath, [join(root, script), ...args], { cwd: root, env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LOG_LEVEL: 'info', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (data: Buffer) => (this.output = (this.output + data.toString()).slice(-20_000)));
  }

  get log(): string {
    return this.output;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ends the process and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.ended) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
    await gone;
    clearTimeout(hard);
  }
}

/** Polls until `probe` answers true; fails early when one of the processes ends, with its last output. */
export async function waitUntil(what: string, probe: () => Promise<boolean>, options: { processes?: ServiceProcess[]; timeoutMs?: number } = {}): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 90_000);
  while (Date.now() < deadline) {
    const dead = options.processes?.find((process) => process.ended);
    if (dead) throw new Error(`${dead.name} ended while waiting for ${what}:\n${dead.log.slice(-3000)}`);
    if (await probe().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`timed out waiting for ${what}\n${options.processes?.map((process) => `--- ${process.name}\n${process.log.slice(-2000)}`).join('\n')}`);
}
