export * from './classifier-screen.js';
export { runScreenService } from './nest/run-screen-service.js';
export { ScreenModule } from './nest/screen.module.js';
export { openScreen, type ScreenSpec } from './open-screen.js';
export { modelViews, textViewsOf } from './model-views.js';
export * from './prompt-guard-labels.js';
export type { NamedView, ViewMaker } from './view-scores.js';
export * from './subject-input.js';
