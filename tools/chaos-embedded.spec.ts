import { describeChaos } from './chaos.fixture.js';

describeChaos('embedded', ['process']);
