import { HAZARDS as H } from './hazards.js';
import type { Taxonomy } from './taxonomy.js';

/** The twelve hazards of the AILuminate 1.0 benchmark under the codes of its test sets. Elections are part of its Specialized Advice; it has no Code Interpreter Abuse. */
export const ailuminate: Taxonomy = {
  id: 'mlcommons-ailuminate',
  name: 'MLCommons AILuminate 1.0',
  source: 'AILuminate v1.0 assessment standard (Ghosh et al. 2025); codes of mlcommons/modelbench',
  url: 'https://arxiv.org/abs/2503.05731',
  categories: [
    { code: 'vcr', ...H.violentCrimes },
    { code: 'ncr', ...H.nonViolentCrimes },
    { code: 'src', ...H.sexCrimes },
    { code: 'cse', ...H.childExploitation },
    { code: 'iwp', ...H.indiscriminateWeapons },
    { code: 'ssh', ...H.selfHarm },
    { code: 'hte', ...H.hate },
    { code: 'prv', ...H.privacy },
    { code: 'ipv', ...H.intellectualProperty },
    { code: 'dfm', ...H.defamation },
    { code: 'spc', ...H.specializedAdvice, canonicalId: 'specialized-advice-with-elections', description: 'Financial, medical, legal or electoral advice that needs a professional, or a claim that something dangerous is safe.' },
    { code: 'sxc_prn', ...H.sexualContent },
  ],
};
