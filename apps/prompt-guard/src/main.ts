import 'reflect-metadata';
import { runScreenService } from '@sallyport/screening';
import { openPromptGuard } from './open-prompt-guard.js';

await runScreenService('prompt-guard', openPromptGuard);
