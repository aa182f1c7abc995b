import { startEmbedded } from '@sallyport/embedded';
import { loadConfig } from '@sallyport/platform';
import { GatewayConnection } from '../../gateway-connection.js';
import type { AuditFlags } from './audit-flags.js';

/** The gateway that an audit runs on. */
export interface AuditServer {
  connection: GatewayConnection;
  /** Its URL, or the data folder of a gateway in this process: where an audit is found again. */
  where: string;
  remote: boolean;
  close(): Promise<void>;
}

/** Connects with `--server`, or starts a gateway with its guards in this process, on a free port of loopback and without keys. */
export async function openServer({ server: url, key, keyFile, home, workers }: AuditFlags): Promise<AuditServer> {
  if (url !== undefined) return { connection: new GatewayConnection({ url, ...(key === undefined ? {} : { key }), ...(keyFile === undefined ? {} : { keyFile }) }), where: url, remote: true, close: async () => undefined };
  const config = loadConfig(undefined, { SALLYPORT_HOME: home, HOST: '127.0.0.1' });
  console.error('Loading the guards …');
  const embedded = await startEmbedded({ ...config, port: 0, apiKeys: [], logLevel: 'silent' }, { withoutGenerator: true, ...(workers === undefined ? {} : { workers: Math.max(1, workers) }) });
  return { connection: new GatewayConnection({ url: embedded.url }), where: config.home, remote: false, close: () => embedded.close() };
}
