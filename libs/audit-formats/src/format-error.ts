import { SallyportError } from '@sallyport/contracts';

/** A file that is not what it should be; `expected` says what would be, and repeats nothing of the file. */
export const badFile = (expected: string): SallyportError => new SallyportError('unprocessable', expected, { param: 'file' });

/** A file that is larger than this server unpacks or holds at a time. */
export const tooLarge = (limit: string): SallyportError => new SallyportError('request_too_large', limit, { param: 'file' });

/** A record that cannot be read; its line becomes an error row. */
export const badRecord = (expected: string, param?: string): SallyportError => new SallyportError('invalid_request', expected, param === undefined ? {} : { param });
