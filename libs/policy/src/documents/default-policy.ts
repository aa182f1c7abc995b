import type { CategoryRule, Direction, PolicyDocument } from '@sallyport/contracts';
import thresholds from './bundled-thresholds.js';

const rule = (threshold: number, action: CategoryRule['action'] = 'block'): CategoryRule => ({ enabled: true, threshold, action });

/** A rule with a threshold of its own for what a user did not write. */
const elsewhere = (threshold: number, inDocuments: number): CategoryRule => ({ ...rule(threshold), directions: { document: { threshold: inDocuments }, tool: { threshold: inDocuments } } });

const EVERYWHERE: Direction[] = ['prompt', 'response', 'document', 'tool'];
const HAZARD_CODES = Array.from({ length: 14 }, (_, i) => `S${i + 1}`);

/** The policy of a fresh installation: block harm and attacks in both directions, block what could not be checked. Thresholds come from the bundled models' calibration. */
export const DEFAULT_POLICY: PolicyDocument = {
  name: 'Default',
  description: 'Blocks harm (Llama Guard 3 hazards) and attacks on the model; blocks whatever could not be checked.',
  taxonomy: 'llama-guard-3',
  categories: Object.fromEntries([['harm', rule(thresholds.harm)], ...HAZARD_CODES.map((code) => [code, rule(thresholds.hazard)])]),
  attacks: {
    attack: elsewhere(thresholds.attack, thresholds.attackInDocument),
    injection: elsewhere(thresholds.attack, thresholds.attackInDocument),
    jailbreak: elsewhere(thresholds.attack, thresholds.attackInDocument),
    // A document or tool result has no business to instruct; a user has.
    indirect: elsewhere(thresholds.attackInDocument, thresholds.indirect),
  },
  screens: { guard: EVERYWHERE, 'prompt-guard': ['prompt', 'document', 'tool'] },
  scope: 'conversation',
  screenSystemMessages: false,
  stream: { mode: 'window', holdBackChars: 400, holdBackMs: 1500 },
  onFailure: { guard: 'block', 'prompt-guard': 'block' },
  refusals: {
    default: 'This message was blocked by the moderation policy.',
    attack: 'This message was blocked because it looks like an attempt to override the instructions of this service.',
    S11: 'This message was blocked by the moderation policy. If you are thinking about harming yourself, please talk to someone you trust or to a crisis line in your country.',
  },
};
