import { type PolicyDocument, SallyportError } from '@sallyport/contracts';
import { isAlias, parseDocument, stringify, visit } from 'yaml';
import { POLICY_FIELDS } from './parse-policy.js';

/** A policy file is a few kilobytes; far above that it is an attack or a mistake. */
export const POLICY_TEXT_LIMIT_BYTES = 1024 * 1024;

/**
 * The value of a YAML text (JSON is YAML too). Anchors and aliases are refused, because they make a short text a huge or a circular value; so are duplicate keys and tags.
 * @throws SallyportError `invalid_yaml`, with line and column and nothing of the text; `request_too_large`.
 */
export function parseYaml(source: string): unknown {
  if (Buffer.byteLength(source) > POLICY_TEXT_LIMIT_BYTES) throw new SallyportError('request_too_large', `A policy has at most ${POLICY_TEXT_LIMIT_BYTES} bytes.`, { param: 'document' });
  try {
    return readYaml(source);
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    throw new SallyportError('invalid_yaml', 'The text is not valid YAML.', { param: 'document' });
  }
}

function readYaml(source: string): unknown {
  const document = parseDocument(source, { schema: 'core', merge: false, uniqueKeys: true, strict: true, stringKeys: true, prettyErrors: true, logLevel: 'error' });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw invalid(`The text is not valid YAML: ${problem.code.toLowerCase().replaceAll('_', ' ')}`, problem.linePos?.[0]);
  visit(document, (_key, node) => {
    const anchored = typeof node === 'object' && node !== null && 'anchor' in node && node.anchor !== undefined;
    if (anchored || isAlias(node)) throw invalid('Anchors and aliases are not taken: write the value out');
  });
  return document.toJS({ maxAliasCount: 0 }) as unknown;
}

function invalid(message: string, at?: { line: number; col: number }): SallyportError {
  return new SallyportError('invalid_yaml', `${message}${at ? ` (line ${at.line}, column ${at.col})` : ''}.`, { param: 'document' });
}

/** Any value as YAML, without anchors and without folded lines. */
export const formatYaml = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });

/** A document with its fields in the documented order, so that two equal policies are the same text. */
export function inOrder(document: PolicyDocument): PolicyDocument {
  return Object.fromEntries(POLICY_FIELDS.filter((field) => document[field] !== undefined).map((field) => [field, document[field]])) as unknown as PolicyDocument;
}
