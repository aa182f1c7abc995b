import type { Direction } from '@sallyport/contracts';
import { LlamaCoreError } from '@sallyport/llama-core';

type Scores = Readonly<Record<string, number>>;

/** How a classifier's labels become those of a screen; a text of a third party is read otherwise than one of the dialogue. */
export interface LabelReader {
  /** Labels of the screen. */
  labels: string[];
  read(probabilities: Scores, direction: Direction): Record<string, number>;
}

/** A classifier whose labels are the screen's own: the bundled ones. */
export const ownLabels = (labels: string[]): LabelReader => ({ labels, read: (probabilities) => ({ ...probabilities }) });

/** Text that neither the user nor the model wrote: instructions have no business there. */
const isThirdParty = (direction: Direction): boolean => direction === 'document' || direction === 'tool';

/**
 * Meta's arithmetic for the Prompt Guard that a checkpoint's labels tell it to be. Some copies name labels `LABEL_0` and so on, so their order counts, as in Meta's own code.
 * Three labels (BENIGN, INJECTION, JAILBREAK) are version 1: P(JAILBREAK) for the dialogue, where most honest requests are "injections", and P(INJECTION) + P(JAILBREAK) for
 * third-party text. Two (BENIGN, MALICIOUS) are version 2: P(MALICIOUS) for both. @throws LlamaCoreError `unsupported_architecture` for other labels.
 */
export function promptGuardLabels(labels: readonly string[]): LabelReader {
  if (labels.includes('attack')) return ownLabels([...labels]);
  if (labels.length === 3 && matches(labels, ['BENIGN', 'INJECTION', 'JAILBREAK'])) return versionOne(labels[1]!, labels[2]!);
  if (labels.length === 2 && matches(labels, ['BENIGN', 'MALICIOUS'])) return versionTwo(labels[1]!);
  throw new LlamaCoreError('unsupported_architecture', `The labels ${labels.join(', ')} are not those of a Prompt Guard; expected BENIGN, INJECTION, JAILBREAK (version 1), BENIGN, MALICIOUS (version 2), or a label attack.`, { param: 'id2label' });
}

/** The names are as published, or none of anyone's choosing. */
const matches = (labels: readonly string[], published: readonly string[]): boolean => labels.every((label, at) => label.toUpperCase() === published[at] || label === `LABEL_${at}`);

function versionOne(injection: string, jailbreak: string): LabelReader {
  return {
    labels: ['attack', 'jailbreak', 'indirect'],
    read: (probabilities, direction): Record<string, number> => {
      const jailbreakScore = probabilities[jailbreak] ?? Number.NaN;
      if (!isThirdParty(direction)) return { attack: jailbreakScore, jailbreak: jailbreakScore };
      const indirect = Math.min(1, (probabilities[injection] ?? Number.NaN) + jailbreakScore);
      return { attack: indirect, jailbreak: jailbreakScore, indirect };
    },
  };
}

function versionTwo(malicious: string): LabelReader {
  return {
    labels: ['attack', 'indirect'],
    read: (probabilities, direction): Record<string, number> => {
      const score = probabilities[malicious] ?? Number.NaN;
      return isThirdParty(direction) ? { attack: score, indirect: score } : { attack: score };
    },
  };
}
