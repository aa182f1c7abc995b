// `npm run eval -- --model bundled --set <file or folder> [--html report.html]`: `sallyport eval` of a current build.
import { join } from 'node:path';
import { bootstrap, root, run } from './bootstrap.mjs';

bootstrap();
process.exit(run(process.execPath, [join(root, 'cli', 'bin', 'sallyport.mjs'), 'eval', ...process.argv.slice(2)]));
