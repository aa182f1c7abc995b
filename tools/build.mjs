// `npm run build`: every project through Nx (cached by content), after installing what is missing.
import { bin, bootstrap, run } from './bootstrap.mjs';

bootstrap();
process.exit(run(bin('nx'), ['run-many', '-t', 'build'], { env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' } }));
