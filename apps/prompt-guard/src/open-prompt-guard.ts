import type { SallyportConfig } from '@sallyport/platform';
import { type ClassifierScreen, openScreen, textAlone } from '@sallyport/screening';

/** Attacks on the model: direct injection, jailbreak, and instructions hidden in documents and tool results. */
export function openPromptGuard(config: SallyportConfig): Promise<ClassifierScreen> {
  return openScreen(config, { screen: 'prompt-guard', reference: config.promptGuard, bundled: { folder: 'prompt-guard', name: 'sallyport-prompt-guard-minilm' }, toInput: textAlone });
}
