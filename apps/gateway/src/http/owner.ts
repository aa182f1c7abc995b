import type { FastifyRequest } from 'fastify';
import type { GatewaySettings } from '../gateway-options.js';
import { keyIdOf } from './key-id.js';

/** Whose data a request may see: that of its key; where no key is asked for there is one owner, whatever a client sends as its key. */
export function ownerOf(request: Pick<FastifyRequest, 'headers'>, { apiKeys }: Pick<GatewaySettings, 'apiKeys'>): string {
  return apiKeys.length === 0 ? 'anonymous' : keyIdOf(request);
}
