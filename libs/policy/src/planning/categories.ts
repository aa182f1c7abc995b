import type { CategoryRule, PolicyAction, PolicyDocument } from '@sallyport/contracts';
import { ANY_HARM, customLabel } from '../taxonomies/labels.js';
import { getTaxonomy } from '../taxonomies/registry.js';

/** One row of `GET /v1/policies/{id}/categories`. */
export interface PolicyCategory {
  code: string;
  name: string;
  description: string;
  enabled: boolean;
  threshold: number;
  action: PolicyAction;
  directions?: CategoryRule['directions'];
}

/** Every category of the policy's taxonomy with its rule, then harm of any kind and the kinds of attack; what has no rule is shown as disabled. */
export function policyCategories(policy: PolicyDocument): PolicyCategory[] {
  const row = (code: string, name: string, description: string, rules: PolicyDocument['categories']): PolicyCategory => {
    const rule = rules[code];
    return { code, name, description, enabled: rule?.enabled ?? false, threshold: rule?.threshold ?? 1, action: rule?.action ?? 'allow', ...(rule?.directions ? { directions: rule.directions } : {}) };
  };
  return [
    ...getTaxonomy(policy.taxonomy).categories.map(({ code, name, description }) => row(code, name, description, policy.categories)),
    row(ANY_HARM, 'Any harm', 'Harm of any kind, whether or not a single category is sure.', policy.categories),
    ...(policy.customCategories ?? []).map((own) => row(customLabel(own.code), own.name, own.description, { [customLabel(own.code)]: own })),
    ...getTaxonomy('prompt-guard').categories.map(({ code, name, description }) => row(code, name, description, policy.attacks)),
  ];
}
