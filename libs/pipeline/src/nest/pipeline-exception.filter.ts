import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { SallyportError } from '@sallyport/contracts';
import { type Observable, throwError } from 'rxjs';

/** Keeps our errors as they are; without it Nest replaces them by "Internal server error" and logs their text. */
@Catch()
export class PipelineExceptionFilter implements RpcExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => SallyportError.from(exception));
  }
}
