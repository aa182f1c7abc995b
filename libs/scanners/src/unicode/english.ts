/** Common English words and those that attacks and requests for harm are made of: enough to tell English from noise and to cut run-together words. Our own list. */
const LIST = `
the of and to in is that it was for on are as with his they at be this have from or had by but not what all were we when your can said there use an each which she do how their if will up other
about out many then them these so some her would make like him into time has look two more write go see no way could people my than first water been call who oil now find long down day did get
come made may part i a you he me us our its also after back only over know work year take most good new want because any give think even just very here through life where much before right too
means old same tell does set three well large must big such follow act why ask men change went light kind off need house picture try again animal point mother world near build self earth father
head stand own page should country found answer school grow study still learn plant cover food sun four between state keep eye never last let thought city tree cross farm hard start might story
saw far sea draw left late run don while press close night real few north open seem together next white children begin got walk example ease paper group always music those both mark often letter
until mile river car feet care second book carry took science eat room friend began idea fish mountain stop once base hear horse cut sure watch color face wood main enough plain girl usual young
ready above ever red list though feel talk bird soon body dog family direct pose leave song measure door product black short number class wind question happen complete ship area half rock order
ignore ignored ignoring disregard forget forgot previous previously prior above earlier instruction instructions instruct prompt prompts system message messages rule rules guideline guidelines
policy policies filter filters safety safe unsafe restriction restrictions limit limits override bypass disable enable reveal show print repeat output secret secrets password passwords key keys
token tokens confidential hidden developer mode admin administrator root access user assistant model role play roleplay pretend simulate character jailbreak unrestricted uncensored dan anything
everything nothing without warning warnings refuse refusal respond response reply say translate decode encode execute command commands code script function tool tools file files data database
send email download upload delete remove steal hack hacking hacker attack exploit malware virus ransomware phishing bomb bombs explosive explosives weapon weapons gun guns kill killing murder
poison drug drugs drink meth cocaine heroin fraud launder money credit card bank account social security hate suicide harm hurt sex sexual nude child explicit illegal crime criminal detailed step steps
help please create generate provide describe explain information content text following below inside document page website link click summarize summary english language word words name thing things
attention important urgent now begin end start stop task goal new original initial current context conversation chat bot human person against across around between during every myself yourself
weather today buy sell price order movie team game best better great little big bad evil villain recipe ingredients kitchen chemical chemicals synthesize device build building make making made
`;

export const WORDS: ReadonlySet<string> = new Set(LIST.trim().split(/\s+/));

const ALPHABET = 26;
/** Natural logarithm of how likely letter j follows letter i in the words above, with half a count for pairs that never occur. */
const BIGRAMS = buildBigrams();

function buildBigrams(): Float64Array {
  const counts = new Float64Array(ALPHABET * ALPHABET).fill(0.5);
  for (const word of WORDS) {
    for (let at = 1; at < word.length; at++) counts[(word.charCodeAt(at - 1) - 97) * ALPHABET + word.charCodeAt(at) - 97]!++;
  }
  for (let row = 0; row < ALPHABET; row++) {
    const total = counts.subarray(row * ALPHABET, (row + 1) * ALPHABET).reduce((sum, count) => sum + count, 0);
    for (let column = 0; column < ALPHABET; column++) counts[row * ALPHABET + column] = Math.log(counts[row * ALPHABET + column]! / total);
  }
  return counts;
}

/** Mean log-likelihood of the letter pairs in `[start, end)` as English, each letter moved `shift` places along the alphabet first; -Infinity without a pair. English lies near -2.3, noise below -3.3. */
export function englishScore(text: string, start = 0, end = text.length, shift = 0): number {
  let sum = 0;
  let pairs = 0;
  let before = -1;
  for (let at = start; at < end; at++) {
    const lower = (text.charCodeAt(at) | 0x20) - 97;
    const letter = lower >= 0 && lower < ALPHABET && text.charCodeAt(at) < 0x80 ? (lower + shift) % ALPHABET : -1;
    if (letter >= 0 && before >= 0) {
      sum += BIGRAMS[before * ALPHABET + letter]!;
      pairs++;
    }
    before = letter;
  }
  return pairs === 0 ? Number.NEGATIVE_INFINITY : sum / pairs;
}

/** Prefix tree of {@link WORDS}: node × letter → next node, 0 for none; `ends` marks nodes where a word ends. */
const TREE = buildTree();

function buildTree(): { next: Int32Array; ends: Uint8Array } {
  const next = new Int32Array(Array.from(WORDS).join('').length * ALPHABET + ALPHABET);
  const ends = new Uint8Array(next.length / ALPHABET);
  let size = 1;
  for (const word of WORDS) {
    let node = 0;
    for (let at = 0; at < word.length; at++) {
      const edge = node * ALPHABET + word.charCodeAt(at) - 97;
      if (next[edge] === 0) next[edge] = size++;
      node = next[edge]!;
    }
    ends[node] = 1;
  }
  return { next, ends };
}

/** Longer runs are cut here first, which keeps the work linear. */
const SEGMENT = 512;
/** What a word of so many letters costs (one letter: never a word), against each letter of no word. */
const KNOWN_COSTS = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 5, 3];
const KNOWN_COST = 2;
const UNKNOWN_COST = 4;

/** A piece of run-together letters: a word of the list, or letters of none. */
export interface Piece {
  size: number;
  known: boolean;
}

/** Run-together letters cut into the fewest words of the list: `ignoreallrules` → 6, 3, 5. Letters of no word stay together. */
export function cutWords(letters: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < letters.length; at += SEGMENT) pieces.push(...cutSegment(letters.slice(at, at + SEGMENT)));
  return pieces;
}

function cutSegment(letters: string): Piece[] {
  const cost = new Float64Array(letters.length + 1).fill(Number.POSITIVE_INFINITY);
  /** Length of the word that ends here; 0 for a letter of none. */
  const cut = new Int32Array(letters.length + 1);
  cost[0] = 0;
  for (let at = 0; at < letters.length; at++) {
    const unknown = cost[at]! + UNKNOWN_COST;
    if (unknown < cost[at + 1]!) [cost[at + 1], cut[at + 1]] = [unknown, 0];
    for (let end = at, node = 0; end < letters.length; ) {
      const letter = (letters.charCodeAt(end++) | 0x20) - 97;
      node = letter >= 0 && letter < ALPHABET ? TREE.next[node * ALPHABET + letter]! : 0;
      if (node === 0) break;
      const known = cost[at]! + (KNOWN_COSTS[end - at] ?? KNOWN_COST);
      if (TREE.ends[node] === 1 && known < cost[end]!) [cost[end], cut[end]] = [known, end - at];
    }
  }
  return trace(cut);
}

function trace(cut: Int32Array): Piece[] {
  const pieces: Piece[] = [];
  let unknown = 0;
  for (let at = cut.length - 1; at >= 0; at -= Math.max(1, cut[at]!)) {
    if (at > 0 && cut[at] === 0) unknown++;
    else {
      if (unknown > 0) pieces.push({ size: unknown, known: false });
      unknown = 0;
      if (at > 0) pieces.push({ size: cut[at]!, known: true });
    }
  }
  return pieces.reverse();
}
