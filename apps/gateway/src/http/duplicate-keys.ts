/** True when an object of a JSON text names a key twice. JSON.parse keeps the last and says nothing, which in a policy would be a rule that is not there. The text must be valid JSON. */
export function hasDuplicateKeys(text: string): boolean {
  const open: Array<Set<string> | undefined> = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    if (character !== '"') continue;
    const end = endOfString(text, at);
    const keys = open.at(-1);
    if (keys && isKey(text, end)) {
      const key = JSON.parse(text.slice(at, end)) as string;
      if (keys.has(key)) return true;
      keys.add(key);
    }
    at = end - 1;
  }
  return false;
}

/** Offset behind the closing quote of the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(text[at] ?? '?')) at += 1;
  return text[at] === ':';
}
