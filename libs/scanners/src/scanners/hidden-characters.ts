import { type Finding, FindingList } from '../finding.js';
import { eachHidden, type HiddenKind } from '../unicode/hidden.js';

/** How much a kind says for an attack: tags, blank letters and overrides have no honest use in a prompt, a soft hyphen has. */
const SCORES: Readonly<Record<HiddenKind, number>> = { tag: 1, 'variation-selector': 0.9, bidi: 0.8, filler: 0.7, 'zero-width': 0.7, format: 0.7, control: 0.4, 'soft-hyphen': 0.3 };
/** A long run carries a message. */
const LONG_RUN = 8;

/** Finds characters that render as nothing where no script or emoji needs them. Kinds are those of {@link HiddenKind}. */
export function scanHiddenCharacters(text: string): Finding[] {
  const list = new FindingList();
  eachHidden(text, ({ kind, start, end, ordinary }) => {
    if (!ordinary) list.add({ scanner: 'hidden-characters', kind, start, end, score: end - start >= LONG_RUN && kind !== 'control' ? 1 : SCORES[kind] });
  });
  return list.found;
}
