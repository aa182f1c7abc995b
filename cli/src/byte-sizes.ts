/** Bytes in decimal units with three digits: 4.65 GB. */
export function byteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${threeDigits(bytes / 1000 ** unit)} ${units[unit]}`;
}

/** A count of parameters: 8.03 billion, 70.8 million, 80,416. */
export function parameterCount(count: number): string {
  if (count < 1e6) return count.toLocaleString('en');
  return count < 1e9 ? `${threeDigits(count / 1e6)} million` : `${threeDigits(count / 1e9)} billion`;
}

const threeDigits = (value: number): string => (value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));
