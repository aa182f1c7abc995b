import { describe, expect, it } from 'vitest';
import { openS3Object } from './s3-object.js';

const settings = { endpoint: undefined, allowed: ['s3://logs/year/'] };
const absent = () => Promise.reject(new Error('not found'));

describe('openS3Object', () => {
  it('reads only what the server is allowed to', async () => {
    for (const reference of ['s3://logs/other/a', 's3://logs-of-others/year/a', 's3://others/logs/year/a']) await expect(openS3Object(reference, settings, absent)).rejects.toMatchObject({ code: 'forbidden', param: 's3' });
  });

  it('takes no reference that could lead out of its bucket, and none that is no reference', async () => {
    for (const reference of ['s3://logs/year/../../others/a', 's3://logs', 's3:///a', 'http://logs/year/a', 's3://LOGS/year/a']) await expect(openS3Object(reference, settings, absent)).rejects.toMatchObject({ code: 'invalid_request', param: 's3' });
  });

  it('says which package is missing', async () => {
    await expect(openS3Object('s3://logs/year/a', settings, absent)).rejects.toMatchObject({ code: 'unsupported_feature', message: expect.stringContaining('npm install @aws-sdk/client-s3') });
  });
});
