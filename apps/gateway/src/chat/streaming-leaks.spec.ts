import { afterAll, beforeAll, describe } from 'vitest';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';
import { itNeverLeaks } from './no-leak-suite.fixture.js';

describe('streamed answers, services in process', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway(); }, 180_000);
  afterAll(() => gateway.close());
  itNeverLeaks(() => gateway, 50);
});
