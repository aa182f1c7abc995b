import { RE2JS } from 're2js';
import { type Finding, REMAINDER } from '../../finding.js';
import { type CodeBlock, codeBlocks } from './code-blocks.js';
import { type CodeLanguage, cweName, type InsecureCodeRule } from './rule.js';
import { INSECURE_CODE_RULES } from './rules/index.js';

interface CompiledRule extends InsecureCodeRule {
  matcher: RE2JS;
  exception: RE2JS | undefined;
}

const COMPILED: readonly CompiledRule[] = INSECURE_CODE_RULES.map((rule) => ({ ...rule, matcher: RE2JS.compile(rule.pattern, RE2JS.DOTALL), exception: rule.unless === undefined ? undefined : RE2JS.compile(rule.unless, RE2JS.DOTALL) }));

/** A statement is looked for in the hint's line, the two before it and the two after it, and in no more than so many characters each way. */
const LINES = 2;
const MAX_REACH = 500;
/** A rule's later findings say nothing new. */
const MAX_PER_RULE = 32;
/** Characters shown to all rules together; what a text has beyond that is one `remainder` finding. */
export const MAX_WORK = 16_000_000;

const COMMENT: Readonly<Record<CodeLanguage, RegExp>> = { python: /^\s*#/, javascript: /^\s*(?:\/\/|\*|\/\*)/, sql: /^\s*--/, shell: /^\s*#/, c: /^\s*(?:\/\/|\*|\/\*)/ };

/** Finds code with known weaknesses in fenced blocks and in text that is code. Line comments are passed over. */
export function scanInsecureCode(text: string): Finding[] {
  const found: Finding[] = [];
  const work = { left: MAX_WORK };
  for (const block of codeBlocks(text)) {
    for (const rule of COMPILED) if (block.languages.includes(rule.language)) applyRule(text, block, rule, found, work);
    if (work.left > 0) continue;
    found.push({ scanner: 'insecure-code', kind: REMAINDER, start: block.start, end: text.length, score: 0.5 });
    break;
  }
  return found.sort((one, other) => one.start - other.start || one.end - other.end);
}

function applyRule(text: string, block: CodeBlock, rule: CompiledRule, found: Finding[], work: { left: number }): void {
  const code = text.slice(block.start, block.end);
  const next = hintFinder(code, rule.hints);
  let findings = 0;
  let floor = 0;
  for (let at = next(0); at >= 0 && findings < MAX_PER_RULE && work.left > 0; at = next(Math.max(at + 1, floor))) {
    const start = Math.max(floor, linesBefore(code, at, LINES));
    const lines = code.slice(start, linesAfter(code, at, LINES));
    work.left -= lines.length;
    const matcher = rule.matcher.matcher(lines);
    if (!matcher.find()) {
      floor = linesAfter(code, at, 0);
      continue;
    }
    floor = start + matcher.end();
    const from = start + matcher.start() + leadingSpace(lines.slice(matcher.start(), matcher.end()));
    if (isHarmless(code, from, floor, rule)) continue;
    found.push({ scanner: 'insecure-code', kind: rule.id, start: block.start + from, end: block.start + from + code.slice(from, floor).trimEnd().length, score: rule.score, cwe: cweName(rule.cwe) });
    findings++;
  }
}

/** In a line comment, or with the rule's exception in the rest of the statement. */
function isHarmless(code: string, start: number, end: number, { language, exception }: CompiledRule): boolean {
  const line = code.slice(linesBefore(code, start, 0), end);
  if (COMMENT[language].test(line)) return true;
  if (!exception) return false;
  let statement = code.slice(start, linesAfter(code, end, 0));
  for (let line = 1; line <= LINES && count(statement, '(') > count(statement, ')'); line++) statement = code.slice(start, linesAfter(code, end, line));
  return exception.matcher(statement).find();
}

const leadingSpace = (text: string): number => text.length - text.trimStart().length;
const count = (text: string, char: string): number => text.split(char).length - 1;

/** Gives the first place of any hint from an offset on. Each hint's own next place is kept, so that the whole search is linear. */
function hintFinder(code: string, hints: readonly string[]): (from: number) => number {
  const places = hints.map((hint) => code.indexOf(hint));
  return (from) => {
    let first = -1;
    hints.forEach((hint, index) => {
      if ((places[index] as number) >= 0 && (places[index] as number) < from) places[index] = code.indexOf(hint, from);
      const place = places[index] as number;
      if (place >= 0 && (first < 0 || place < first)) first = place;
    });
    return first;
  };
}

/** Start of the line of `at`, or of a line `lines` before it, at most {@link MAX_REACH} back. */
function linesBefore(code: string, at: number, lines: number): number {
  const least = Math.max(0, at - MAX_REACH);
  let left = lines + 1;
  for (let start = at; start > least; start--) if (code[start - 1] === '\n' && --left === 0) return start;
  return least;
}

/** End of the line of `at`, or of a line `lines` after it, at most {@link MAX_REACH} on. */
function linesAfter(code: string, at: number, lines: number): number {
  const most = Math.min(code.length, at + MAX_REACH);
  let left = lines + 1;
  for (let end = at; end < most; end++) if (code[end] === '\n' && --left === 0) return end;
  return most;
}
