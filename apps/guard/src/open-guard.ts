import type { SallyportConfig } from '@sallyport/platform';
import { openGuardScreen, type Screen, withQuestion } from '@sallyport/screening';

/** Harm by category, of prompts and of responses; a response is read with the question that it answers. */
export function openGuard(config: SallyportConfig): Promise<Screen> {
  return openGuardScreen(config, { screen: 'guard', reference: config.guard, bundled: { folder: 'guard', name: 'sallyport-guard-minilm' }, toInput: withQuestion });
}
