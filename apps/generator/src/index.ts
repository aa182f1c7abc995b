export { GeneratorModule } from './generator.module.js';
export { openGenerator } from './open-generator.js';
