import { type ChatMessage, type Direction, PII_KINDS, type PolicyDocument, type RuleHit } from '@sallyport/contracts';
import { piiHits, type PlannedText, planPrompt } from '@sallyport/policy';
import { type Finding, type PiiKind, redact, REMAINDER, scanPii } from '@sallyport/scanners';

/** The kinds that a policy has a rule for in a direction, with what it wants done. */
function rulesFor(direction: Direction, document: PolicyDocument): Map<PiiKind, RuleHit> {
  const hits = document.pii ? piiHits(PII_KINDS, { subject: '', direction }, document) : [];
  return new Map(hits.map((hit) => [hit.rule.slice('pii.'.length) as PiiKind, hit]));
}

/** Personal data that `rules` name. What could not be looked through in bounded time may hold any kind, so it counts as all of them. */
function search(text: string, rules: ReadonlyMap<PiiKind, RuleHit>): { findings: Finding[]; kinds: ReadonlySet<PiiKind> } {
  const findings = rules.size === 0 ? [] : scanPii(text, { kinds: [...rules.keys()] });
  const found = findings.some(({ kind }) => kind === REMAINDER) ? [...rules.keys()] : findings.map(({ kind }) => kind as PiiKind);
  return { findings, kinds: new Set(found) };
}

/** Hits of the policy's rules for personal data in one text; `redacts`: whoever holds the text takes out what is to be redacted. */
export function personalDataHits({ id, direction, text }: Pick<PlannedText, 'id' | 'direction' | 'text'>, document: PolicyDocument, redacts: boolean): RuleHit[] {
  const rules = rulesFor(direction, document);
  const { kinds } = search(text, rules);
  return [...kinds].map((kind) => ({ ...rules.get(kind)!, subject: id })).map((hit) => (redacts && hit.action === 'redact' ? { ...hit, redacted: true } : hit));
}

/** The text without what the policy wants taken out in this direction. */
export function withoutPersonalData(text: string, direction: Direction, document: PolicyDocument): string {
  const rules = new Map([...rulesFor(direction, document)].filter(([, { action }]) => action === 'redact'));
  return redact(text, search(text, rules).findings);
}

/**
 * A conversation as the generator may see it. Earlier turns are redacted too, whatever the policy's scope: clients send them again with every request.
 * The operator's own system messages and the arguments of tool calls (JSON, in which a label could stand for a number) stay as they are.
 */
export function redactedMessages(messages: readonly ChatMessage[], document: PolicyDocument): ChatMessage[] {
  if (!document.pii) return [...messages];
  const texts = new Map(planPrompt({ messages }, document).texts.map((text) => [text.id, text]));
  return messages.map((message, index) => {
    const planned = texts.get(`messages.${index}`);
    if (!planned || (planned.system && !document.screenSystemMessages)) return message;
    return { ...message, content: withoutPersonalData(message.content, planned.direction, document) };
  });
}

/** True when personal data must not leave in an answer. */
export function actsOnPersonalData(document: PolicyDocument): boolean {
  return [...rulesFor('response', document).values()].some(({ action }) => action === 'redact' || action === 'block');
}
