import { HttpException } from '@nestjs/common';
import { SallyportError, type ErrorCode } from '@sallyport/contracts';

/** Fastify's own errors by code; anything else with a status is mapped by it. */
const BY_FASTIFY_CODE: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['request_too_large', 'The request body is larger than this server accepts.'],
  FST_REQ_FILE_TOO_LARGE: ['request_too_large', 'The uploaded file is larger than this server accepts.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'The content type of the body is not one that this route accepts.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as its Content-Length header says.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The URL is malformed.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'The path has a part that is too long to name anything here.'],
};

const BY_STATUS: Record<number, [ErrorCode, string]> = {
  400: ['invalid_request', 'The request is malformed.'],
  401: ['missing_api_key', 'An API key is required.'],
  403: ['forbidden', 'This is not allowed.'],
  404: ['not_found', 'There is no such route.'],
  405: ['method_not_allowed', 'The route does not answer this method.'],
  406: ['unsupported_media_type', 'The content type of the body is not one that this route accepts.'],
  408: ['deadline_exceeded', 'The request took too long to arrive.'],
  413: ['request_too_large', 'The request is larger than this server accepts.'],
  414: ['invalid_request', 'The URL is too long.'],
  415: ['unsupported_media_type', 'The content type of the body is not one that this route accepts.'],
  429: ['rate_limited', 'Too many requests.'],
  503: ['service_unavailable', 'The service is not available now.'],
};

/** Turns whatever a handler, Nest or Fastify threw into a SallyportError, without repeating its text (it may quote the request). */
export function toSallyportError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  const known = BY_FASTIFY_CODE[fastifyCode(error)] ?? BY_STATUS[statusOf(error)];
  return known ? new SallyportError(known[0], known[1], { cause: error }) : SallyportError.from(error);
}

function fastifyCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 0;
}
