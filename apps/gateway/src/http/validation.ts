import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { SallyportError } from '@sallyport/contracts';

/** Validates DTOs everywhere: unknown fields are refused, and no message repeats a value of the request. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => validationFailure(errors),
  });
}

/** The first violation, as OpenAI reports one: the field's path in `param`. */
export function validationFailure(errors: ValidationError[], parent = ''): SallyportError {
  const [error] = errors;
  if (!error) return new SallyportError('invalid_request', 'The body must be a JSON object.');
  const param = joinPath(parent, error.property);
  const [rule, message] = weightiest(error.constraints ?? {});
  if (rule === undefined || message === undefined) return validationFailure(error.children ?? [], param);
  if (rule === 'whitelistValidation') return new SallyportError('unknown_parameter', `Unknown parameter${isPlain(param) ? `: '${param}'` : ''}.`, isPlain(param) ? { param } : {});
  if (rule === 'unsupportedFeature') return new SallyportError('unsupported_feature', message, { param });
  return new SallyportError('invalid_request', rule === 'unknownValue' ? 'The body must be a JSON object.' : `'${param}': ${message}.`, { param });
}

/** Checks of a value's kind: whoever sends a number for a name should not be told that it is too long. */
const KIND_CHECKS = /^(is(String|Number|Int|Boolean|Array|Object|Defined)|nestedValidation)$/;

function weightiest(constraints: Record<string, string>): [string, string] | [] {
  const failed = Object.entries(constraints);
  return failed.find(([rule]) => KIND_CHECKS.test(rule)) ?? failed[0] ?? [];
}

function joinPath(parent: string, property: string): string {
  return parent === '' ? property : `${parent}.${property}`;
}

/** A field name may be anything the client typed, so only short plain ones are repeated. */
function isPlain(param: string): boolean {
  return /^[\w.-]{1,80}$/.test(param);
}
