export { type EmbeddedServer, startEmbedded } from './start-embedded.js';
export { type Moderator, moderateLines, openModerator } from './moderate-lines.js';
