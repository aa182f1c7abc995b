import { type CascadeBand, type PolicyDocument, POLICY_DEFAULTS, type RefusalText, type Retention, SallyportError, type ScreenKind } from '@sallyport/contracts';
import { ANY_HARM } from '../taxonomies/labels.js';
import { getTaxonomy, hasTaxonomy, listTaxonomies } from '../taxonomies/registry.js';
import { defined, directions, flag, object, oneOf, only, or, pathOf, refuse, SCREENS, score, text, whole } from './field-readers.js';
import { parseCustomCategories } from './parse-custom-categories.js';
import { parseLists } from './parse-lists.js';
import { parsePii, parseRules, parseScanners } from './parse-rules.js';

/** Every field of a document, in the order in which documents are written. */
export const POLICY_FIELDS = [
  'name', 'description', 'taxonomy', 'categories', 'attacks', 'customCategories', 'pii', 'scanners', 'lists', 'screens', 'scope', 'screenSystemMessages', 'screenToolCalls', 'screenDocuments',
  'cascade', 'stream', 'onFailure', 'refusals', 'retention',
] as const satisfies ReadonlyArray<keyof PolicyDocument>;

/** Checks a policy document from outside. @throws SallyportError `unprocessable` naming the field. */
export function parsePolicyDocument(value: unknown): PolicyDocument {
  const fields = object(value, 'document');
  only(fields, POLICY_FIELDS, '');
  const taxonomy = knownTaxonomy(text(fields['taxonomy'], 'taxonomy'));
  const codes = [ANY_HARM, ...getTaxonomy(taxonomy).categories.map((category) => category.code)];
  const optional = <T>(name: keyof PolicyDocument, read: (item: unknown, param: string) => T): T | undefined => (fields[name] === undefined ? undefined : read(fields[name], name));
  return defined<PolicyDocument>({
    name: text(fields['name'], 'name'),
    description: optional('description', text),
    taxonomy,
    categories: parseRules(fields['categories'], 'categories', codes),
    attacks: parseRules(fields['attacks'], 'attacks', getTaxonomy('prompt-guard').categories.map((category) => category.code)),
    customCategories: optional('customCategories', (item) => parseCustomCategories(item, codes)),
    pii: optional('pii', parsePii),
    scanners: optional('scanners', parseScanners),
    lists: optional('lists', parseLists),
    screens: perScreen(fields['screens'], 'screens', directions),
    scope: oneOf(or(fields['scope'], 'conversation'), ['conversation', 'latest'], 'scope'),
    screenSystemMessages: flag(or(fields['screenSystemMessages'], false), 'screenSystemMessages'),
    screenToolCalls: optional('screenToolCalls', flag),
    screenDocuments: optional('screenDocuments', flag),
    cascade: optional('cascade', cascade),
    stream: stream(fields['stream']),
    onFailure: perScreen(or(fields['onFailure'], { guard: 'block', 'prompt-guard': 'block' }), 'onFailure', (item, param) => oneOf(item, ['block', 'allow'], param)),
    refusals: refusals(fields['refusals']),
    retention: optional('retention', retention),
  } as PolicyDocument);
}

function knownTaxonomy(id: string): string {
  if (hasTaxonomy(id)) return id;
  throw new SallyportError('unprocessable', `taxonomy: expected one of ${listTaxonomies().map((taxonomy) => taxonomy.id).join(', ')}.`, { param: 'taxonomy' });
}

function perScreen<T>(value: unknown, param: string, read: (item: unknown, param: string) => T): Record<ScreenKind, T> {
  const fields = object(value, param);
  only(fields, SCREENS, param);
  return Object.fromEntries(SCREENS.map((screen) => [screen, read(fields[screen], `${param}.${screen}`)])) as Record<ScreenKind, T>;
}

function cascade(value: unknown): PolicyDocument['cascade'] {
  const fields = object(value, 'cascade');
  only(fields, SCREENS, 'cascade');
  return Object.fromEntries(Object.entries(fields).map(([screen, band]) => [screen, parseBand(band, `cascade.${screen}`)]));
}

function parseBand(value: unknown, param: string): CascadeBand {
  const fields = object(value, param);
  only(fields, ['low', 'high'], param);
  const band = { low: score(fields['low'], `${param}.low`), high: score(fields['high'], `${param}.high`) };
  return band.low <= band.high ? band : refuse(`${param}.low`, 'a score that is not above high');
}

function stream(value: unknown): PolicyDocument['stream'] {
  const fields = object(or(value, {}), 'stream');
  only(fields, ['mode', 'holdBackChars', 'holdBackMs'], 'stream');
  return {
    mode: oneOf(or(fields['mode'], 'window'), ['window', 'buffer', 'audit'], 'stream.mode'),
    holdBackChars: whole(or(fields['holdBackChars'], 400), 'stream.holdBackChars'),
    holdBackMs: whole(or(fields['holdBackMs'], 1500), 'stream.holdBackMs'),
  };
}

const MOST_REFUSALS = 200;

function refusals(value: unknown): PolicyDocument['refusals'] {
  const fields = object(or(value, { default: 'This message was blocked by the moderation policy.' }), 'refusals');
  if (Object.keys(fields).length > MOST_REFUSALS) refuse('refusals', `at most ${MOST_REFUSALS} entries`);
  const entries = Object.entries(fields).map(([code, sentence]) => [code, refusalText(sentence, pathOf('refusals', code))]);
  return { ...(Object.fromEntries(entries) as Record<string, RefusalText>), default: refusalText(fields['default'], 'refusals.default') };
}

function refusalText(value: unknown, param: string): RefusalText {
  if (typeof value !== 'object' || value === null) return text(value, param);
  const fields = object(value, param);
  const entries = Object.entries(fields).map(([language, sentence]) => {
    if (language !== 'default' && !/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/.test(language)) refuse(param, 'languages as lower-case BCP 47 tags, such as de or pt-br');
    return [language, text(sentence, pathOf(param, language))];
  });
  return { ...(Object.fromEntries(entries) as Record<string, string>), default: text(fields['default'], `${param}.default`) };
}

function retention(value: unknown): Retention {
  const fields = object(value, 'retention');
  only(fields, ['text', 'days'], 'retention');
  return {
    text: oneOf(or(fields['text'], POLICY_DEFAULTS.retention.text), ['none', 'flagged', 'all'], 'retention.text'),
    days: whole(or(fields['days'], POLICY_DEFAULTS.retention.days), 'retention.days', 1, 3_650),
  };
}
