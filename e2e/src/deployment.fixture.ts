import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.fixture.js';
import { root, ServiceProcess, waitUntil } from './service-process.fixture.js';
import { StubUpstream } from './stub-upstream.fixture.js';

/** A running Sallyport and the stub that it forwards the model `stub` to. */
export interface Deployment {
  url: string;
  upstream: StubUpstream;
  close(): Promise<void>;
}

const ready = (url: string) => async () => (await fetch(`${url}/health/ready`)).ok;

/** Environment that every deployment shares: models of this checkout, a home of its own. */
async function environment(home: string, upstream: StubUpstream): Promise<Record<string, string>> {
  const upstreams = join(home, 'upstreams.json');
  await writeFile(upstreams, JSON.stringify({ upstreams: [{ id: 'stub', base_url: upstream.baseUrl }] }));
  await symlink(join(root, '.sallyport', 'models'), join(home, 'models'));
  return { SALLYPORT_HOME: home, SALLYPORT_UPSTREAMS: upstreams, SALLYPORT_THREADS: '1' };
}

/** One process with everything in it, which can be killed and started again on the same home. */
export class EmbeddedDeployment implements Deployment {
  process: ServiceProcess;

  private constructor(
    readonly url: string,
    readonly upstream: StubUpstream,
    private readonly env: Record<string, string>,
  ) {
    this.process = this.spawn();
  }

  static async start(): Promise<EmbeddedDeployment> {
    const upstream = await StubUpstream.start();
    const home = await mkdtemp(join(tmpdir(), 'sallyport-e2e-'));
    const port = String(await freePort());
    const deployment = new EmbeddedDeployment(`http://127.0.0.1:${port}`, upstream, { ...(await environment(home, upstream)), PORT: port });
    await deployment.ready();
    return deployment;
  }

  async restart(): Promise<void> {
    this.process = this.spawn();
    await this.ready();
  }

  async close(): Promise<void> {
    await this.process.kill();
    await this.upstream.close();
    await rm(this.env['SALLYPORT_HOME']!, { recursive: true, force: true });
  }

  private spawn(): ServiceProcess {
    return new ServiceProcess('sallyport start', 'cli/bin/sallyport.mjs', ['start'], this.env);
  }

  private ready(): Promise<void> {
    return waitUntil('the embedded server', ready(this.url), { processes: [this.process] });
  }
}

const POSTGRES = 'postgres://postgres@127.0.0.1:5432';
const SERVICES = ['guard', 'prompt-guard', 'generator', 'gateway'] as const;

/** Four or more processes over Redis and PostgreSQL, with a database and a queue prefix of their own. */
export class DistributedDeployment implements Deployment {
  readonly processes: ServiceProcess[] = [];

  private constructor(
    readonly url: string,
    readonly upstream: StubUpstream,
    private readonly env: Record<string, string>,
    private readonly database: string,
  ) {}

  static async start(): Promise<DistributedDeployment> {
    const upstream = await StubUpstream.start();
    const home = await mkdtemp(join(tmpdir(), 'sallyport-e2e-'));
    const port = String(await freePort());
    const database = `sallyport_e2e_${process.pid}_${Date.now()}`;
    await administrate(`CREATE DATABASE ${database}`);
    const env = { ...(await environment(home, upstream)), PORT: port, SALLYPORT_MODE: 'distributed', DATABASE_URL: `${POSTGRES}/${database}`, REDIS_URL: 'redis://127.0.0.1:6379', SALLYPORT_QUEUE_PREFIX: database, SALLYPORT_VERDICT_CACHE_ENTRIES: '0' };
    const deployment = new DistributedDeployment(`http://127.0.0.1:${port}`, upstream, env, database);
    for (const service of SERVICES) deployment.add(service);
    await deployment.ready();
    return deployment;
  }

  add(service: (typeof SERVICES)[number], env: Record<string, string> = {}): ServiceProcess {
    const added = new ServiceProcess(service, `apps/${service}/dist/main.js`, [], { ...this.env, ...env });
    this.processes.push(added);
    return added;
  }

  async ready(): Promise<void> {
    await waitUntil('the four services', ready(this.url), { processes: this.processes.filter((process) => !process.ended) });
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()));
    await this.upstream.close();
    await administrate(`DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`);
    await rm(this.env['SALLYPORT_HOME']!, { recursive: true, force: true });
  }
}

async function administrate(statement: string): Promise<void> {
  const client = new pg.Client(`${POSTGRES}/postgres`);
  await client.connect();
  await client.query(statement);
  await client.end();
}
