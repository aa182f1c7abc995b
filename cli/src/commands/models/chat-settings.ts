import { CliError } from '../../cli-error.js';

const KINDS = { temperature: 'number', topP: 'number', minP: 'number', topK: 'count', seed: 'count', maxTokens: 'count', context: 'count' } as const;

export type SettingName = keyof typeof KINDS;

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(KINDS, name);

/** The number that a flag or `/set` gives. @throws CliError. */
export function readSetting(name: SettingName, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const whole = KINDS[name] === 'count';
  if (!(whole ? Number.isSafeInteger(value) && value >= 0 : Number.isFinite(value) && value >= 0)) throw new CliError(`${name}: expected a ${whole ? 'whole ' : ''}number.`);
  return value;
}
