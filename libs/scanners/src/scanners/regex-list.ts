import { RE2JS, RE2JSException } from 're2js';
import { type Finding, type Scan } from '../finding.js';
import { ScannerError } from '../scanner-error.js';

/** One pattern of a list, in RE2 syntax: no look-around, no back-references. */
export interface RegexPattern {
  /** Becomes the finding's kind. */
  id: string;
  pattern: string;
  /** Letters match in either case unless this is true. */
  caseSensitive?: boolean;
  /** Score of its findings; 1 when absent. */
  score?: number;
}

/** Limits of a list. What passes them is compiled to an automaton whose time is linear in the text. */
export const REGEX_LIMITS = { patterns: 200, patternLength: 1000, programSize: 500, matchesPerPattern: 32 } as const;

/** Compiles a list once; throws {@link ScannerError} naming the pattern's id, never the pattern. A pattern reports its first 32 matches in a text: finding all of them could take quadratic time. */
export function createRegexScanner(patterns: readonly RegexPattern[]): Scan {
  if (patterns.length > REGEX_LIMITS.patterns) throw new ScannerError('pattern_too_large', `expected at most ${REGEX_LIMITS.patterns} patterns, got ${patterns.length}`);
  const compiled = patterns.map((pattern) => ({ ...pattern, matcher: compile(pattern) }));
  return (text) => compiled.flatMap(({ id, score = 1, matcher }) => matchesOf(matcher, text).map((span): Finding => ({ scanner: 'regex', kind: id, ...span, score }))).sort((one, other) => one.start - other.start);
}

function compile({ id, pattern, caseSensitive, score = 1 }: RegexPattern): RE2JS {
  if (!(score >= 0 && score <= 1)) throw new ScannerError('invalid_options', `pattern ${id}: expected a score between 0 and 1, got ${score}`);
  if (pattern.length > REGEX_LIMITS.patternLength) throw new ScannerError('pattern_too_large', `pattern ${id}: expected at most ${REGEX_LIMITS.patternLength} characters, got ${pattern.length}`);
  const matcher = refusing(id, () => RE2JS.compile(pattern, RE2JS.DOTALL | (caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)));
  if (matcher.programSize() > REGEX_LIMITS.programSize) throw new ScannerError('pattern_too_large', `pattern ${id}: expected a program of at most ${REGEX_LIMITS.programSize} instructions, got ${matcher.programSize()}`);
  if (matcher.matcher('').find()) throw new ScannerError('pattern_matches_empty', `pattern ${id}: expected at least one character to be matched, but it matches an empty text`);
  return matcher;
}

/** The engine's own message quotes the pattern, so it travels only as the cause. */
function refusing(id: string, compilePattern: () => RE2JS): RE2JS {
  try {
    return compilePattern();
  } catch (cause) {
    const reason = cause instanceof RE2JSException ? 'the engine refuses its syntax or size' : 'the engine failed on it';
    throw new ScannerError('pattern_refused', `pattern ${id}: expected RE2 syntax, but ${reason}`, { cause });
  }
}

function matchesOf(pattern: RE2JS, text: string): Array<{ start: number; end: number }> {
  const spans: Array<{ start: number; end: number }> = [];
  const matcher = pattern.matcher(text);
  while (spans.length < REGEX_LIMITS.matchesPerPattern && matcher.find()) spans.push({ start: matcher.start(), end: matcher.end() });
  return spans;
}

/** Phrases of the plainest instruction overrides, for lists that want a start. Our own wording; a classifier sees far more. */
export const OVERRIDE_PATTERNS: readonly RegexPattern[] = [
  { id: 'ignore-instructions', pattern: String.raw`\b(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,3}?(?:previous|prior|above|earlier|preceding|system)\s+(?:\w+\s+)?(?:instructions?|prompts?|rules?|messages?|guidelines?)\b`, score: 0.9 },
  { id: 'reveal-prompt', pattern: String.raw`\b(?:reveal|print|show|repeat|output|leak)\s+(?:\w+\s+){0,2}?(?:your|the)\s+(?:\w+\s+)?(?:system|hidden|initial|secret)\s+(?:prompt|instructions?|message)\b`, score: 0.8 },
  { id: 'chat-markup', pattern: String.raw`<\|(?:im_start|im_end|system|user|assistant|eot_id|start_header_id|end_header_id|begin_of_text|endoftext)\|>|\[/?INST\]|<</?SYS>>`, score: 0.9 },
];
