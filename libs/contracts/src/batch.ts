/** The routes that a batch can run. */
export const BATCH_ENDPOINTS = ['/v1/moderations', '/v1/chat/completions'] as const;

export type BatchEndpoint = (typeof BATCH_ENDPOINTS)[number];
export type BatchStatus = 'validating' | 'failed' | 'in_progress' | 'finalizing' | 'completed' | 'expired' | 'cancelling' | 'cancelled';
/** `batch`: uploaded as the input of a batch; `batch_output`: written by one. */
export type FilePurpose = 'batch' | 'batch_output';

/** OpenAI's file object. Times are in seconds since 1970. */
export interface FileObject {
  id: string;
  object: 'file';
  bytes: number;
  created_at: number;
  expires_at?: number;
  filename: string;
  purpose: FilePurpose;
  status: 'processed';
}

/** What is wrong with the input file of a batch; `line` counts from 1 and is null for the file as a whole. */
export interface BatchError {
  code: string;
  message: string;
  param: string | null;
  line: number | null;
}

/** OpenAI's batch object. Times are in seconds since 1970. */
export interface BatchObject {
  id: string;
  object: 'batch';
  endpoint: BatchEndpoint;
  errors: { object: 'list'; data: BatchError[] } | null;
  input_file_id: string;
  completion_window: string;
  status: BatchStatus;
  output_file_id: string | null;
  error_file_id: string | null;
  created_at: number;
  in_progress_at: number | null;
  expires_at: number;
  finalizing_at: number | null;
  completed_at: number | null;
  failed_at: number | null;
  expired_at: number | null;
  cancelling_at: number | null;
  cancelled_at: number | null;
  request_counts: { total: number; completed: number; failed: number };
  metadata: Record<string, string> | null;
}

/** One line of an output or error file. `response` is null for a request that was never answered. */
export interface BatchResultLine {
  id: string;
  custom_id: string;
  response: { status_code: number; request_id: string; body: unknown } | null;
  error: { code: 'batch_cancelled' | 'batch_expired'; message: string } | null;
}
