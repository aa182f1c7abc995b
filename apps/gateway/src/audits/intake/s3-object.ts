import { SallyportError } from '@sallyport/contracts';

/** How objects are reached. */
export interface S3Settings {
  /** An object store other than AWS. */
  endpoint: string | undefined;
  /** Buckets, or folders in them, that may be read; each ends with a slash: `s3://bucket/logs/`. */
  allowed: readonly string[];
}

/** The part of @aws-sdk/client-s3 that is used. */
interface S3Module {
  S3Client: new (options: object) => { send(command: object): Promise<{ Body?: AsyncIterable<Buffer> }>; destroy(): void };
  GetObjectCommand: new (input: { Bucket: string; Key: string }) => object;
}

/** Whoever wants objects installs it; nothing else of the server needs it. */
const SDK = '@aws-sdk/client-s3';

/** Opens an object of a bucket that is allowed. Throws `forbidden` for others, `unsupported_feature` where the SDK is not installed, `upstream_error` where the store refuses. */
export async function openS3Object(reference: string, { endpoint, allowed }: S3Settings, load: () => Promise<unknown> = () => import(SDK)): Promise<AsyncIterable<Buffer>> {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/s.exec(reference) ?? [];
  // A store behind a plain endpoint may resolve dots as a path.
  if (bucket === undefined || key === undefined || key.split('/').includes('..')) throw new SallyportError('invalid_request', "'s3' must look like s3://bucket/key.", { param: 's3' });
  if (!allowed.some((prefix) => reference.startsWith(prefix))) throw new SallyportError('forbidden', 'This server may not read that bucket: SALLYPORT_AUDIT_S3 lists those it may.', { param: 's3' });
  const { S3Client, GetObjectCommand } = await loadSdk(load);
  // Stores other than AWS have their buckets in the path, not in the host name.
  const client = new S3Client({ ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: 'us-east-1' }) });
  return objectBytes(client, new GetObjectCommand({ Bucket: bucket, Key: key }));
}

async function loadSdk(load: () => Promise<unknown>): Promise<S3Module> {
  try {
    return (await load()) as S3Module;
  } catch (error) {
    throw new SallyportError('unsupported_feature', `Reading objects needs the package ${SDK}, which is not installed: npm install ${SDK}.`, { param: 's3', cause: error });
  }
}

type S3Client = InstanceType<S3Module['S3Client']>;

async function objectBytes(client: S3Client, command: object): Promise<AsyncIterable<Buffer>> {
  try {
    const { Body } = await client.send(command);
    if (!Body) throw new Error('empty');
    return untilEnd(Body, client);
  } catch (error) {
    client.destroy();
    throw refusal(error);
  }
}

async function* untilEnd(body: AsyncIterable<Buffer>, client: S3Client): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw refusal(error);
  } finally {
    client.destroy();
  }
}

const REFUSED: Readonly<Record<string, string>> = { NoSuchKey: 'has no such object', NoSuchBucket: 'has no such bucket', AccessDenied: 'denies access', CredentialsProviderError: 'was not asked: the server has no credentials' };

/** The store's message may repeat the key; its name is one of a few. */
function refusal(error: unknown): SallyportError {
  const name = error instanceof Error ? error.name : '';
  return new SallyportError('upstream_error', `The object store ${REFUSED[name] ?? 'gave no object'}.`, { param: 's3', cause: error });
}
