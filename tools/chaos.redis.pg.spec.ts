import { describeChaos } from './chaos.fixture.js';

describeChaos('distributed', ['connections', 'gateway', 'guard']);
