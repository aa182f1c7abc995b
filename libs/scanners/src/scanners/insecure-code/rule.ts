export type CodeLanguage = 'python' | 'javascript' | 'sql' | 'shell' | 'c';

/** One weakness that can be seen in a line or three of code. */
export interface InsecureCodeRule {
  /** Becomes the finding's kind. */
  id: string;
  language: CodeLanguage;
  /** Number of the Common Weakness Enumeration. */
  cwe: number;
  title: string;
  /** Only where one of these stands is `pattern` tried. */
  hints: readonly string[];
  /** RE2 syntax; `.` matches line ends too, within the three lines that are looked at. */
  pattern: string;
  /** What makes it harmless after all when it stands in the same lines. */
  unless?: string;
  /** How sure a match is: 0.9 hardly ever harmless, 0.6 often needs a look. */
  score: number;
  /** Code that the rule finds, and the better code in which it finds nothing. */
  bad: string;
  good: string;
}

/** `CWE-89`. */
export const cweName = (cwe: number): string => `CWE-${cwe}`;

/** MITRE's page on a weakness. */
export const cweLink = (cwe: number): string => `https://cwe.mitre.org/data/definitions/${cwe}.html`;

/** A string argument that is put together rather than literal, as a part of a pattern: concatenation or formatting after a closing quote. */
export const BUILT_STRING = String.raw`["'][^\n]*["']\s*(?:%\s|\+|\.format\s*\()`;
/** A value that is plainly not a secret, as a part of `unless`. */
export const NO_SECRET = String.raw`(?i)environ|getenv|process\.env|example|changeme|change_me|placeholder|your[_-]|<[^>]+>|\$\{|\$\(|xxxx|\*\*\*\*`;
