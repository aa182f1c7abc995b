import { composeMaps, type OffsetMap } from './offset-map.js';

/** How a view was made; `docs/concepts/text-views.md` describes each. */
export type ViewName = 'visible' | 'smuggled' | 'latin' | 'joined' | 'decoded' | 'decoded-twice' | 'rot13' | 'leetspeak' | 'token-spacing';

/** A text as an attack screen should also see it. `map` leads from its offsets back to the text it was made from. */
export interface TextView {
  name: ViewName;
  text: string;
  map: OffsetMap;
}

/** What a single transformation returns: a text that differs, or undefined when there is nothing to undo. */
export type Transformed = Omit<TextView, 'name'> | undefined;

/** `next` applied to what `earlier` made of `text` (or to `text` itself), with positions that lead back to `text`. */
export function after(earlier: Transformed, text: string, next: (text: string) => Transformed): Transformed {
  const made = next(earlier?.text ?? text);
  return made && { text: made.text, map: composeMaps(made.map, earlier?.map) };
}
