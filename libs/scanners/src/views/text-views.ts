import { withoutEverydayEntities } from './codecs.js';
import { decodedText } from './decoded-text.js';
import { smuggledText, visibleText } from './hidden-text.js';
import { joinedText } from './joined-text.js';
import { latinText } from './latin-text.js';
import { leetspeakText } from './leetspeak-text.js';
import { rot13Text } from './rot13-text.js';
import { after, type TextView, type Transformed, type ViewName } from './text-view.js';
import { type CutPieces, tokenSpacedText } from './token-spacing.js';

/** All views of a text together are never longer than this many times the text. */
export const MAX_VIEWS_RATIO = 24;

export interface TextViewOptions {
  /** The screening model's tokenizer; with it there is a `token-spacing` view too. */
  cutPieces?: CutPieces;
}

/**
 * The ways in which an attack screen should read `text` besides as it is; none for most texts. Each undoes one disguise, on top of what was undone before:
 * invisible characters, then look-alike letters, then spaced letters, then rot13 and leetspeak; encodings on the visible text, twice. Time and memory are linear.
 */
export function textViews(text: string, { cutPieces }: TextViewOptions = {}): TextView[] {
  const visible = visibleText(text);
  const latin = after(visible, text, latinText);
  const plain = latin ?? visible;
  const joined = plainly(after(plain, text, joinedText), text);
  const letters = joined ?? plain;
  const decoded = plainly(after(visible, text, decodedText), text);
  const twice = decoded && plainly(after(decoded, text, decodedText), text);
  const made: Array<[ViewName, Transformed]> = [
    ['visible', visible],
    ['smuggled', smuggledText(text)],
    ['latin', latin],
    ['joined', joined],
    ['rot13', after(letters, text, rot13Text)],
    ['leetspeak', after(letters, text, leetspeakText)],
    ['decoded', decoded],
    ['decoded-twice', twice],
    ['token-spacing', cutPieces && after(plain, text, (current) => tokenSpacedText(current, cutPieces))],
  ];
  // Not views of their own: the text itself, and what differs from the visible text only by everyday entities.
  const seen = new Set([text, ...(decoded ? [withoutEverydayEntities(visible?.text ?? text)] : [])]);
  return made.flatMap(([name, view]) => {
    if (!view || view.text.trim() === '' || seen.has(view.text)) return [];
    seen.add(view.text);
    return [{ name, ...view }];
  });
}

/** What was decoded or joined may hide in invisible characters and look-alikes again. */
function plainly(made: Transformed, text: string): Transformed {
  if (!made) return undefined;
  const visible = after(made, text, visibleText) ?? made;
  return after(visible, text, latinText) ?? visible;
}
