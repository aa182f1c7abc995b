import type { AuditResult } from '@sallyport/contracts';

/** A column of a table of results. */
export interface ResultColumn {
  name: string;
  type: 'INT32' | 'DOUBLE' | 'STRING' | 'TIMESTAMP';
  /** Undefined where the result has none. */
  value(result: AuditResult): number | string | Date | undefined;
}

/** The columns of a table of results: a column `category_<code>` for each code, and the scores of all others in one more as JSON. Lists are joined by semicolons. */
export function resultColumns(codes: readonly string[]): ResultColumn[] {
  const known = new Set(codes);
  const others = ({ categories }: AuditResult) => Object.entries(categories ?? {}).filter(([code]) => !known.has(code));
  return [
    ...HEAD,
    ...codes.map((code): ResultColumn => ({ name: `category_${code}`, type: 'DOUBLE', value: ({ categories }) => categories?.[code] })),
    text('other_categories', (result) => (others(result).length === 0 ? undefined : JSON.stringify(Object.fromEntries(others(result))))),
    ...TAIL,
  ];
}

const text = (name: string, value: (result: AuditResult) => string | null | undefined): ResultColumn => ({ name, type: 'STRING', value: (result) => value(result) ?? undefined });
const list = (values: readonly string[] | undefined): string | undefined => (values && values.length > 0 ? values.join(';') : undefined);

const HEAD: readonly ResultColumn[] = [
  { name: 'line', type: 'INT32', value: ({ line }) => line },
  text('id', ({ id }) => id),
  { name: 'timestamp', type: 'TIMESTAMP', value: ({ timestamp }) => (timestamp === undefined ? undefined : new Date(timestamp)) },
  text('source', ({ source }) => source),
  { name: 'duplicate_of', type: 'INT32', value: (result) => result.duplicate_of },
  text('decision', ({ decision }) => decision),
  { name: 'harm', type: 'DOUBLE', value: ({ harm }) => harm ?? undefined },
  { name: 'attack', type: 'DOUBLE', value: ({ attack }) => attack ?? undefined },
  text('attack_kind', (result) => result.attack_kind),
];

const TAIL: readonly ResultColumn[] = [
  text('policy', ({ policy }) => policy),
  text('models', ({ models }) => list(models)),
  text('unscreened', ({ coverage }) => list(coverage?.unscreened)),
  text('indeterminate', ({ indeterminate }) => list(indeterminate?.map(({ screen, reason }) => `${screen}: ${reason}`))),
  text('error_code', ({ error }) => error?.code),
  text('error_message', ({ error }) => error?.message),
  text('error_param', ({ error }) => error?.param),
];
