/** A value of a Parquet file as JSON could have it: whole numbers beyond 2^53 as text, moments as ISO 8601, empty fields left out. Bytes stay bytes. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map(plainValue);
  if (ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, child]) => (child === null || child === undefined ? [] : [[name, plainValue(child)]])));
}
