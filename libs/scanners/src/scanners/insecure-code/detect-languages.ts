import type { CodeLanguage } from './rule.js';

/** Marks of each language, one point each. No repetition inside another: they are tried on whole texts. */
const MARKS: Readonly<Record<CodeLanguage, readonly RegExp[]>> = {
  python: [/^[ \t]*(?:async )?def \w+\s*\(/m, /^[ \t]*(?:import \w[\w.]*|from \w[\w.]* import )/m, /^[ \t]*(?:if|for|while|elif|else|try|except|with)\b[^\n]*:[ \t]*$/m, /\bprint\(/, /\bself\.\w/, /^[ \t]*class \w+[^\n{]*:[ \t]*$/m, /\b(?:os|sys|subprocess|requests|pickle|yaml|hashlib|tempfile|cursor|random|json|jwt|tarfile)\.\w+\(/],
  javascript: [/\b(?:const|let|var) [\w{[]/, /=>/, /\bfunction\b[^\n(]{0,40}\(/, /\b(?:require\(|import [^\n]{0,80} from ['"])/, /\b(?:console|document|window|module|process|res|req|JSON|Math)\.\w/, /(?:===|!==)/, /\b(?:async|await) /, /\b(?:interface|type) \w+[^\n]{0,40}[={]/],
  sql: [/^[ \t]*select\b[^;]{0,200}\bfrom\b/im, /^[ \t]*(?:insert into|delete from|create (?:table|user|role|function|procedure|login)|alter (?:table|user|role)|drop table|update \w+ set)\b/im, /^[ \t]*(?:grant|revoke) /im, /^[ \t]*(?:exec(?:ute)?\b|declare @|begin\b|copy )/im, /\bwhere [\w."]+ *(?:=|in|like)/i, /;[ \t]*$/m],
  shell: [/^#!\/(?:usr\/)?bin\/(?:env )?(?:ba|z|da|k)?sh/m, /^[ \t]*(?:sudo|apt-get|apt|yum|brew|chmod|chown|curl|wget|ssh|scp|rm|cp|mv|mkdir|cd|tar|grep|sed|mysql|mysqldump|docker|kubectl|git|export|echo|eval|source)\b [^\n]/m, /\$\{?\w+\}?/, /\$\([^)\n]/, /^[ \t]*(?:fi|done|esac)\b/m, /\[\[? [^\n]{1,40} \]\]?/, /[^|]\| ?(?:sudo |bash|sh|grep|awk|sed|xargs|sort)\b/, / --?[a-zA-Z][\w-]*/],
  c: [/^[ \t]*#[ \t]*include\b/m, /\b(?:int|char|void|float|double|size_t|unsigned|struct \w+) \**\w+[ \t]*[[(=;,]/, /\bint main\s*\(/, /->\w/, /\b(?:printf|malloc|free|strlen|strcpy|memcpy|sizeof|fopen|scanf|fgets|gets|system)\s*\(/, /;[ \t]*$/m, /\b(?:NULL|stdin|stdout|argv)\b/],
};

const CODE_LANGUAGES = Object.keys(MARKS) as readonly CodeLanguage[];
/** Fewer marks than this are prose. */
const MIN_MARKS = 2;

/** The languages whose marks `code` has the most of; none when it does not look like code. */
export function detectLanguages(code: string): CodeLanguage[] {
  const counts = CODE_LANGUAGES.map((language) => MARKS[language].filter((mark) => mark.test(code)).length);
  const most = Math.max(...counts);
  return most < MIN_MARKS ? [] : CODE_LANGUAGES.filter((_, index) => counts[index] === most);
}

const NAMES: Readonly<Record<CodeLanguage, readonly string[]>> = {
  python: ['python', 'py', 'python2', 'python3', 'py3', 'ipython', 'pycon'],
  javascript: ['javascript', 'js', 'jsx', 'mjs', 'cjs', 'node', 'typescript', 'ts', 'tsx', 'mts', 'cts', 'vue', 'svelte', 'html'],
  sql: ['sql', 'mysql', 'postgresql', 'postgres', 'psql', 'plsql', 'plpgsql', 'tsql', 'sqlite'],
  shell: ['shell', 'sh', 'bash', 'zsh', 'ksh', 'fish', 'console', 'shell-session', 'dockerfile'],
  c: ['c', 'h', 'cpp', 'c++', 'cc', 'cxx', 'hpp', 'objc'],
};
const BY_NAME = new Map(CODE_LANGUAGES.flatMap((language) => NAMES[language].map((name): [string, CodeLanguage] => [name, language])));

/** The language that a fence's info string names, if it is one of ours. */
export const languageOfFence = (info: string): CodeLanguage | undefined => BY_NAME.get(info.trim().split(/[\s{,:]/, 1)[0]?.toLowerCase() ?? '');
