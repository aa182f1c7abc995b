export { openGuard } from './open-guard.js';
