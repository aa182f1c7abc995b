/** Media types of logs that are sent as a body; the content decides what it is. */
export const LOG_TYPES = ['application/x-ndjson', 'application/jsonl', 'text/csv', 'text/tab-separated-values', 'application/vnd.apache.parquet', 'application/gzip', 'application/zstd', 'application/octet-stream'];

/** What `POST /v1/audits` takes: a log, a form with one, or JSON that names one. */
export const AUDIT_TYPES = [...LOG_TYPES, 'multipart/form-data', 'application/json'];
