import { formatYaml } from '@sallyport/policy';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { YAML_TYPES } from './yaml-body.js';

/** Gives a value in the form that the caller prefers: YAML when `Accept` ranks it above JSON, else JSON. */
export function negotiated(request: FastifyRequest, reply: FastifyReply, value: object): object | string {
  void reply.header('vary', 'accept');
  if (!prefersYaml(request.headers.accept)) return value;
  void reply.type('application/yaml; charset=utf-8');
  return formatYaml(value);
}

function prefersYaml(accept = ''): boolean {
  const weights = new Map(accept.split(',', 20).map((range) => [range.split(';', 1)[0]!.trim().toLowerCase(), Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1)]));
  const yaml = Math.max(0, ...YAML_TYPES.map((type) => weights.get(type) ?? 0));
  return yaml > 0 && yaml >= (weights.get('application/json') ?? 0);
}
