import type { SallyportConfig } from '@sallyport/platform';
import { openScreen, type Screen, textAlone } from '@sallyport/screening';

/** Attacks on the model: direct injection, jailbreak, and instructions hidden in documents and tool results. */
export function openPromptGuard(config: SallyportConfig): Promise<Screen> {
  return openScreen(config, { screen: 'prompt-guard', reference: config.promptGuard, bundled: { folder: 'prompt-guard', name: 'sallyport-prompt-guard-minilm' }, toInput: textAlone });
}
