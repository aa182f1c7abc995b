import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Direction, ScreenScores, ScreenSubject } from '@sallyport/contracts';
import { loadConfig } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClassifierScreen } from './classifier-screen.js';
import { openScreen } from './open-screen.js';
import { promptGuardLabels } from './prompt-guard-labels.js';
import { textAlone } from './subject-input.js';

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/prompt-guard/${path}`, import.meta.url));
const model = (name: string) => fileURLToPath(new URL(`../../llama-core/fixtures/models/${name}`, import.meta.url));

interface ReferenceRow {
  text: string;
  dialogue: number;
  third_party: number;
}

const homes: string[] = [];
const screens: ClassifierScreen[] = [];

/** Data folder in which a checkpoint lies where a pull would have put it, with the tokenizer beside it. */
async function homeWith(name: string, repository: string, labels?: string[]): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'sallyport-prompt-guard-'));
  homes.push(home);
  const folder = join(home, 'models', repository);
  await cp(model(name), folder, { recursive: true });
  await cp(fixture('tokenizer.json'), join(folder, 'tokenizer.json'));
  if (labels) {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, id2label: Object.fromEntries(labels.entries()), label2id: undefined }));
  }
  return home;
}

async function open(home: string, reference: string): Promise<ClassifierScreen> {
  const config = loadConfig({ SALLYPORT_HOME: home, LOG_LEVEL: 'silent', SALLYPORT_PROMPT_GUARD: reference });
  const screen = await openScreen(config, { screen: 'prompt-guard', reference: config.promptGuard, bundled: { folder: 'prompt-guard', name: 'bundled' }, toInput: textAlone });
  screens.push(screen as ClassifierScreen);
  return screen as ClassifierScreen;
}

async function scoresOf(screen: ClassifierScreen, texts: readonly string[], direction: Direction): Promise<ScreenScores[]> {
  const subjects = texts.map((text, at): ScreenSubject => ({ id: `${at}`, direction, text }));
  return (await screen.screen({ subjects })).results;
}

const texts = (rows: readonly ReferenceRow[]): string[] => rows.map((row) => row.text);

describe('Prompt Guard by Meta\'s arithmetic, against transformers', () => {
  let reference: Record<string, ReferenceRow[]>;
  beforeAll(async () => {
    reference = JSON.parse(await readFile(fixture('reference.json'), 'utf8'));
  });
  afterAll(async () => {
    await Promise.all(screens.map((screen) => screen.close()));
    await Promise.all(homes.map((home) => rm(home, { recursive: true, force: true })));
  });

  it.each([
    ['prompt-guard-1-deberta', 'meta-llama/Prompt-Guard-86M', ['BENIGN', 'INJECTION', 'JAILBREAK'], ['attack', 'jailbreak', 'indirect']],
    ['prompt-guard-1-deberta', 'meta-llama/Prompt-Guard-86M', undefined, ['attack', 'jailbreak', 'indirect']],
    ['prompt-guard-2-deberta', 'meta-llama/Llama-Prompt-Guard-2-86M', ['BENIGN', 'MALICIOUS'], ['attack', 'indirect']],
    ['prompt-guard-2-deberta', 'meta-llama/Llama-Prompt-Guard-2-22M', undefined, ['attack', 'indirect']],
  ])('%s as hf:%s with labels %s', async (name, repository, labels, screened) => {
    const rows = reference[name]!;
    const screen = await open(await homeWith(name, repository, labels), `hf:${repository}`);
    expect(screen.describe().labels).toEqual(screened);
    for (const direction of ['prompt', 'response', 'document', 'tool'] as const) {
      const expected = direction === 'prompt' || direction === 'response' ? 'dialogue' : 'third_party';
      const results = await scoresOf(screen, texts(rows), direction);
      for (const [at, row] of rows.entries()) expect(Math.abs(results[at]!.scores['attack']! - row[expected]), `${direction} ${row.text}`).toBeLessThan(1e-3);
      expect(results.every(({ scores }) => ('indirect' in scores) === (expected === 'third_party') && Object.keys(scores).every((label) => screened.includes(label)))).toBe(true);
      if (expected === 'third_party') for (const { scores } of results) expect(scores['indirect']).toBe(scores['attack']);
      if ('jailbreak' in results[0]!.scores) for (const [at, row] of rows.entries()) expect(Math.abs(results[at]!.scores['jailbreak']! - row.dialogue)).toBeLessThan(1e-3);
    }
  });

  it('opens a local folder, and reads long texts in windows of 510', async () => {
    const home = await homeWith('prompt-guard-2-deberta', 'a/b');
    const screen = await open(home, join(home, 'models', 'a', 'b'));
    const [result] = await scoresOf(screen, ['what is the weather today '.repeat(300).trim()], 'prompt');
    expect(result!.coverage).toEqual({ tokens: 1500, tokensScreened: 1500, windows: 4 });
  });

  it('refuses a classifier that is no Prompt Guard', async () => {
    const home = await homeWith('prompt-guard-2-deberta', 'a/b', ['NEGATIVE', 'POSITIVE']);
    await expect(open(home, 'hf:a/b')).rejects.toMatchObject({ code: 'unsupported_architecture', param: 'id2label' });
    expect(() => promptGuardLabels(['A', 'B', 'C', 'D'])).toThrow(/BENIGN, MALICIOUS/);
  });
});
