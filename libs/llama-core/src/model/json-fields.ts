import { LlamaCoreError } from '../errors.js';

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Typed reads from a config object; every miss names its field. */
export class JsonFields {
  constructor(private readonly fields: JsonObject) {}

  has(name: string): boolean {
    return this.fields[name] !== undefined && this.fields[name] !== null;
  }

  /** Written as null, which can mean something else than absent. */
  isNull(name: string): boolean {
    return this.fields[name] === null;
  }

  object(name: string): JsonFields | undefined {
    const value = this.fields[name];
    return isObject(value) ? new JsonFields(value) : undefined;
  }

  text(name: string): string | undefined {
    const value = this.fields[name];
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.fields[name] === true;
  }

  /** A finite number, or `fallback` when absent. */
  number(name: string, fallback?: number): number {
    const value = this.fields[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new LlamaCoreError('config_invalid', `${name}: expected a number, got ${value === undefined ? 'nothing' : typeof value}.`, { param: name });
  }

  /** A number or a list of numbers, as a list; empty when absent. */
  numbers(name: string): number[] {
    const value = this.fields[name];
    return (Array.isArray(value) ? value : [value]).filter((item): item is number => typeof item === 'number');
  }

  /** A list of texts; empty when absent. */
  texts(name: string): string[] {
    const value = this.fields[name];
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
  }

  /** A setting that is on unless it says `false` or 0 (older files write a number for it). */
  onByDefault(name: string): boolean {
    const value = this.fields[name];
    return value !== false && value !== 0;
  }

  /** A whole number of at least 0. */
  natural(name: string, fallback?: number): number {
    const value = this.number(name, fallback);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw new LlamaCoreError('config_invalid', `${name}: expected a whole number of at least 0, got ${value}.`, { param: name });
  }

  /** A list of whole numbers of at least 0; undefined when absent. */
  naturals(name: string): number[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.fields[name];
    if (Array.isArray(value) && value.every((item): item is number => Number.isSafeInteger(item) && item >= 0)) return value;
    throw new LlamaCoreError('config_invalid', `${name}: expected a list of whole numbers of at least 0.`, { param: name });
  }

  /** A whole number of at least 1. */
  count(name: string, fallback?: number): number {
    const value = this.number(name, fallback);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new LlamaCoreError('config_invalid', `${name}: expected a whole number of at least 1, got ${value}.`, { param: name });
  }
}
