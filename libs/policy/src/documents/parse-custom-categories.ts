import type { CustomCategory } from '@sallyport/contracts';
import { list, object, only, or, refuse, text } from './field-readers.js';
import { parseRule } from './parse-rules.js';

const FIELDS = ['code', 'name', 'description', 'examples', 'enabled', 'threshold', 'action', 'directions', 'thresholds'];
/** Every category costs a comparison per text, and each example is embedded once. */
const MOST_CATEGORIES = 50;
const MOST_EXAMPLES = 200;
/** Examples travel with every question to a guard. */
const MOST_EXAMPLE_CHARS = 100_000;
const CODE = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Categories of the policy's own; a code may stand once, and must not be one of the taxonomy's. */
export function parseCustomCategories(value: unknown, taken: readonly string[]): CustomCategory[] {
  const seen = new Set(taken.map((code) => code.toLowerCase()));
  let exampleChars = 0;
  return list(value, 'customCategories', MOST_CATEGORIES).map((item, index) => {
    const category = parseCategory(item, `customCategories.${index}`);
    exampleChars += [...category.examples.positive, ...category.examples.negative].reduce((sum, example) => sum + example.length, 0);
    if (exampleChars > MOST_EXAMPLE_CHARS) refuse(`customCategories.${index}.examples`, `examples of at most ${MOST_EXAMPLE_CHARS.toLocaleString('en')} characters in all categories together`);
    if (seen.has(category.code)) refuse(`customCategories.${index}.code`, 'a code that no other category of the policy or its taxonomy has');
    seen.add(category.code);
    return category;
  });
}

function parseCategory(value: unknown, param: string): CustomCategory {
  const fields = object(value, param);
  only(fields, FIELDS, param);
  const code = text(fields['code'], `${param}.code`);
  if (!CODE.test(code)) refuse(`${param}.code`, '1 to 32 lower-case letters, digits and hyphens');
  const examples = object(or(fields['examples'], {}), `${param}.examples`);
  only(examples, ['positive', 'negative'], `${param}.examples`);
  return {
    code,
    name: text(fields['name'], `${param}.name`, 200),
    description: text(fields['description'], `${param}.description`),
    examples: { positive: texts(examples['positive'], `${param}.examples.positive`), negative: texts(examples['negative'], `${param}.examples.negative`) },
    ...parseRule({ threshold: 0.5, ...fields }, param),
  };
}

const texts = (value: unknown, param: string): string[] => list(or(value, []), param, MOST_EXAMPLES).map((item, index) => text(item, `${param}.${index}`));
