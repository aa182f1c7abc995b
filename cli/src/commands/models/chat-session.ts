import type { Engine, EngineEvent } from '@sallyport/llama-core';
import { CliError, describeFailure } from '../../cli-error.js';
import { isSettingName, readSetting, type SettingName } from './chat-settings.js';

export type ChatSettings = Partial<Record<Exclude<SettingName, 'context'>, number>>;

export interface ChatSessionParts {
  engine: Engine;
  settings: ChatSettings;
  system?: string;
  write(text: string): void;
}

const HELP = `Type a message and press Enter. A backslash at the end of a line goes on in the next.
  /system <text>       set the system message and begin anew
  /set <name> <value>  temperature, topP, topK, minP, seed, maxTokens; /set alone shows them
  /retry               another answer to the last message
  /reset               forget the conversation
  /stats               tokens and times of the last answer
  /exit                leave (so do Ctrl-D, and Ctrl-C when no answer is being written)
`;

/** A conversation with one model, line by line. */
export class ChatSession {
  private messages: Array<{ role: string; content: string }> = [];
  private system: string | undefined;
  private unfinished = '';
  private last: Extract<EngineEvent, { type: 'end' }> | undefined;
  private running: AbortController | undefined;

  constructor(private readonly parts: ChatSessionParts) {
    this.system = parts.system;
  }

  /** Stops the answer that is being written; false when there is none. */
  stop(): boolean {
    this.running?.abort();
    return this.running !== undefined;
  }

  /** Takes a line of input. A failure is told and the conversation goes on. */
  async handle(line: string): Promise<'exit' | 'continue'> {
    if (line.endsWith('\\')) {
      this.unfinished += `${line.slice(0, -1)}\n`;
      return 'continue';
    }
    const text = (this.unfinished + line).trim();
    this.unfinished = '';
    try {
      if (text.startsWith('/')) return await this.command(text);
      if (text !== '') await this.answer(text);
    } catch (error) {
      this.parts.write(`! ${describeFailure(error)}\n`);
    }
    return 'continue';
  }

  private async command(text: string): Promise<'exit' | 'continue'> {
    const [name = '', ...rest] = text.split(/\s+/);
    if (name === '/exit' || name === '/quit') return 'exit';
    if (name === '/help') this.parts.write(HELP);
    else if (name === '/reset') this.messages = [];
    else if (name === '/system') this.begin(rest.join(' '));
    else if (name === '/set') this.set(rest);
    else if (name === '/stats') this.parts.write(this.stats());
    else if (name === '/retry') await this.retry();
    else throw new CliError(`There is no ${name}; /help lists what there is.`);
    return 'continue';
  }

  private begin(system: string): void {
    this.system = system === '' ? undefined : system;
    this.messages = [];
  }

  private set([name, value]: string[]): void {
    if (name === undefined) {
      this.parts.write(`${JSON.stringify(this.parts.settings)}\n`);
      return;
    }
    if (!isSettingName(name) || name === 'context') throw new CliError(`/set knows temperature, topP, topK, minP, seed and maxTokens, not ${name}.`);
    this.parts.settings[name] = readSetting(name, value ?? '');
  }

  private async retry(): Promise<void> {
    const at = this.messages.findLastIndex(({ role }) => role === 'user');
    const asked = this.messages[at];
    if (!asked) throw new CliError('There is no message yet.');
    this.messages = this.messages.slice(0, at);
    await this.answer(asked.content);
  }

  /** Streams the answer; a turn that fails leaves no trace in the conversation. */
  private async answer(content: string): Promise<void> {
    const { engine, settings, write } = this.parts;
    const messages = [...this.messages, { role: 'user', content }];
    const prompt = { messages: this.system === undefined ? messages : [{ role: 'system', content: this.system }, ...messages] };
    const running = new AbortController();
    this.running = running;
    let answer = '';
    try {
      for await (const event of engine.generate({ prompt, ...settings }, running.signal)) {
        if (event.type === 'end') this.last = event;
        else {
          answer += event.text;
          write(event.text);
        }
      }
    } catch (error) {
      if (!running.signal.aborted) throw error;
    } finally {
      this.running = undefined;
      write('\n');
    }
    this.messages = [...messages, { role: 'assistant', content: answer }];
  }

  private stats(): string {
    if (!this.last) return 'No answer yet.\n';
    const { promptTokens, cachedTokens, completionTokens, inferenceMs, reason } = this.last;
    return `${promptTokens} tokens read (${cachedTokens} from the cache), ${completionTokens} written in ${(inferenceMs / 1_000).toFixed(2)} s, ended with ${reason}\n`;
  }
}
