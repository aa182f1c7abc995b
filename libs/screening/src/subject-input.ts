import type { ScreenSubject } from '@sallyport/contracts';
import type { ClassifierInput } from '@sallyport/llama-core';

/** A response is read together with the user turn that it answers, everything else alone: the bundled guard is trained on exactly these two shapes. */
export function withQuestion(subject: ScreenSubject): ClassifierInput {
  if (subject.direction !== 'response') return { text: subject.text };
  const question = subject.history?.findLast((turn) => turn.role === 'user')?.text;
  return question === undefined ? { text: subject.text } : { text: subject.text, context: question };
}

/** The text alone, whatever came before it: an attack is an attack in any conversation. */
export const textAlone = (subject: ScreenSubject): ClassifierInput => ({ text: subject.text });
