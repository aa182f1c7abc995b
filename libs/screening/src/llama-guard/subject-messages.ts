import type { ScreenSubject } from '@sallyport/contracts';
import type { GuardMessage } from '@sallyport/policy';

/** A subject as the conversation whose last turn is judged. A document is third-party text of its own, so it stands alone; a tool result speaks in the user's place. */
export function subjectMessages({ direction, text, history = [] }: ScreenSubject): GuardMessage[] {
  if (direction === 'document') return [{ role: 'user', content: text }];
  const before = history.map((turn): GuardMessage => ({ role: turn.role, content: turn.text }));
  return [...before, { role: direction === 'response' ? 'assistant' : direction === 'tool' ? 'tool' : 'user', content: text }];
}
