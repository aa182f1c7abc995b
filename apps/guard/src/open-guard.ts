import type { SallyportConfig } from '@sallyport/platform';
import { openScreen, type Screen, withQuestion } from '@sallyport/screening';

/** Harm by category, of prompts and of responses; a response is read with the question that it answers. */
export function openGuard(config: SallyportConfig): Promise<Screen> {
  return openScreen(config, { screen: 'guard', reference: config.guard, bundled: { folder: 'guard', name: 'sallyport-guard-minilm' }, toInput: withQuestion });
}
