import type { InsecureCodeRule } from '../rule.js';
import { C_RULES } from './c.js';
import { JAVASCRIPT_RULES } from './javascript.js';
import { PYTHON_RULES } from './python.js';
import { SHELL_RULES } from './shell.js';
import { SQL_RULES } from './sql.js';

/** All rules, ours throughout; listed in docs/concepts/insecure-code-rules.md. */
export const INSECURE_CODE_RULES: readonly InsecureCodeRule[] = [...PYTHON_RULES, ...JAVASCRIPT_RULES, ...SQL_RULES, ...SHELL_RULES, ...C_RULES];
