import 'reflect-metadata';
import { runScreenService } from '@sallyport/screening';
import { openGuard } from './open-guard.js';

await runScreenService('guard', openGuard);
