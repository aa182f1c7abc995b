/** Padding in one run that costs less than a second run, a pass over the weights, would: by the sizes of a 135M and a 1B model. */
const MAX_GROUP_PADDING_TOKENS = 1024;

/**
 * Splits sequences into batches of similar length: rows of a run are padded to the longest, which costs memory and copying as tokens do.
 * All batches together get at most `allowance` tokens of padding. Lengths grow together, so batches stay the same from step to step, and their
 * tensors are passed on as they are.
 */
export function decodeGroups(rows: ReadonlyArray<{ id: number; length: number }>, allowance: number): number[][] {
  const groups: Array<{ longest: number; padding: number; ids: number[] }> = [];
  let left = allowance;
  for (const { id, length } of rows.toSorted((a, b) => b.length - a.length || a.id - b.id)) {
    const group = groups.at(-1);
    const padding = group ? group.longest - length : 0;
    if (group && padding <= left && group.padding + padding <= MAX_GROUP_PADDING_TOKENS) {
      group.ids.push(id);
      group.padding += padding;
      left -= padding;
    } else groups.push({ longest: length, padding: 0, ids: [id] });
  }
  return groups.map((group) => group.ids);
}
