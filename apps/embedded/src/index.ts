export { type EmbeddedServer, startEmbedded } from './start-embedded.js';
export { moderateLines } from './moderate-lines.js';
