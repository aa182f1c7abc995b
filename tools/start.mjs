// `npm start`: installs and builds what is missing, then hands over to `sallyport start` (embedded mode).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

bootstrap();
const child = spawn(process.execPath, [join(root, 'cli', 'bin', 'sallyport.mjs'), 'start', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 0 : 1)));
