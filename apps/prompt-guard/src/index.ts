export { openPromptGuard } from './open-prompt-guard.js';
