import { readFile } from 'node:fs/promises';

/** Whether this processor adds products of 8 bits without overflow (VNNI); what Linux does not say is taken for no. */
export async function hasDotProducts(): Promise<boolean> {
  const said = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /\bavx(512)?_vnni\b/.test(said);
}
