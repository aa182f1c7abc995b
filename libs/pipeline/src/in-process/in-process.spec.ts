import { describeTransport } from '../conformance.fixture.js';
import { InProcessBroker } from './in-process-broker.js';

describeTransport('in-process transport', async () => {
  const broker = new InProcessBroker();
  return { client: broker.client('guard'), serve: async (handlers) => broker.serve('guard', handlers), close: () => broker.close() };
});
