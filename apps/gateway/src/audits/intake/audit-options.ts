import { type AuditOptions, SallyportError } from '@sallyport/contracts';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { validationFailure } from '../../http/validation.js';
import { AuditOptionsDto, AuditSourceDto } from './audit-options.dto.js';

/** Where a file is that is not sent. */
export interface AuditSourcePlace {
  path?: string;
  s3?: string;
}

/** Reads options. Throws `invalid_request` or `unknown_parameter` naming the field. */
export function readAuditOptions(value: unknown): AuditOptions {
  return checked(validated(AuditOptionsDto, value));
}

/** Reads a JSON body: options, and exactly one place. Throws like {@link readAuditOptions}. */
export function readAuditBody(value: unknown): { options: AuditOptions; place: AuditSourcePlace } {
  const { path, s3, ...options } = validated(AuditSourceDto, value);
  if ((path === undefined) === (s3 === undefined)) throw new SallyportError('invalid_request', "The body must say where the file is, in 'path' or in 's3'.", { param: 'path' });
  return { options: checked(options), place: { ...(path === undefined ? {} : { path }), ...(s3 === undefined ? {} : { s3 }) } };
}

/** Reads the options of a query, in which nested fields have dotted names: `fields.text=question`, `sample=0.1`, `sample.count=500`. */
export function readAuditQuery(query: Readonly<Record<string, unknown>>): AuditOptions {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) place(options, name.split('.'), JSON_VALUES.has(name) ? jsonOf(value) : value);
  return readAuditOptions(options);
}

/** Query fields that are numbers, booleans or objects. */
const JSON_VALUES: ReadonlySet<string> = new Set(['fields', 'sample', 'sample.share', 'sample.count', 'sample.seed', 'dedupe', 'priority', 'retain_text']);

function jsonOf(value: unknown): unknown {
  try {
    return typeof value === 'string' ? (JSON.parse(value) as unknown) : value;
  } catch {
    return value;
  }
}

function place(options: Record<string, unknown>, [name = '', ...rest]: string[], value: unknown): void {
  const path = rest.join('.');
  const parent = options[name];
  if (path === '' || (name !== 'fields' && name !== 'sample')) options[path === '' ? name : `${name}.${path}`] = value;
  else options[name] = { ...(typeof parent === 'object' ? parent : {}), [path]: value };
}

function validated<T extends object>(type: new () => T, value: unknown): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SallyportError('invalid_request', "'options' must be a JSON object.", { param: 'options' });
  const options = plainToInstance(type, value);
  const errors = validateSync(options, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, validationError: { target: false, value: false } });
  if (errors.length > 0) throw validationFailure(errors);
  return options;
}

/** What no single field shows. Absent fields are left out. */
function checked(dto: AuditOptionsDto): AuditOptions {
  const options = JSON.parse(JSON.stringify(dto)) as AuditOptions;
  const { text, messages, prompt, response } = options.fields ?? {};
  const contents = [text, messages, prompt ?? response].filter((field) => field !== undefined).length;
  if (contents > 1) throw new SallyportError('invalid_request', "'fields' must name one of text, messages, or prompt and response.", { param: 'fields' });
  if (options.sample && (options.sample.share === undefined) === (options.sample.count === undefined)) throw new SallyportError('invalid_request', "'sample' must have either share or count.", { param: 'sample' });
  return options;
}
