import type { ClassifierDescription, Lane, ScreenReply, ScreenRequest } from '@sallyport/contracts';

/** How a screen is to be made. */
export interface ScreenOptions {
  signal?: AbortSignal;
  /** Default: online. */
  lane?: Lane;
}

/** What a screening service runs, whichever model is behind it. An abstract class, so that it is the Nest token as well. */
export abstract class Screen {
  abstract describe(): ClassifierDescription;
  /** Scores every subject in request order. Rejects only for a malformed request, an abort or overload; other failures are `indeterminate` scores. */
  abstract screen(request: ScreenRequest, options?: ScreenOptions): Promise<ScreenReply>;
  abstract close(): Promise<void>;
}
