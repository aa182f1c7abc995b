"""Sentences composed from the parts in authored/grammar/*.json: what one writer cannot write in number, the product of groups, deeds, targets and ways of saying it."""
import json
import random
import re
from pathlib import Path

from .rows import AUTHORED
from .spelling import misspell

SLOT = re.compile(r'\{(\w+?)(\d?)(?:\.(\w+))?\}')
SENTENCE_START = re.compile(r'(^|[.!?] |\n|: ")([a-z])')
BEFORE_VOWEL = re.compile(r'\b([Aa]) (?=(?!uni|use|euro|one\b|eu|u[\w]i|un\b|uma?\b)[aeiou])', re.I)
LOOSE_SHARE, MISSPELT_SHARE = 0.3, 0.04  # without capitals and full stop; with letters changed
TRIES = 6  # draws for every row that is wanted, before a block counts as used up


def expand(template: str, parts: dict, rng: random.Random, chosen: dict) -> str:
    """Fills the slots: `{x}` with another choice each time, `{x1}` and `{x.field}` with one choice for the whole text."""
    def fill(slot: re.Match) -> str:
        name, number, field = slot.groups()
        if not number and not field:
            fresh = [part for part in parts[name] if (name, part) not in chosen] or parts[name]
            part = rng.choice(fresh)
            chosen[name, part] = part
            return expand(part, parts, rng, chosen)
        if (name, number) not in chosen:
            chosen[name, number] = rng.choice(parts[name])
        entry = chosen[name, number]
        return expand(entry[field] if field else entry, parts, rng, chosen)
    return SLOT.sub(fill, template)


def tidy(text: str, rng: random.Random) -> str:
    """Articles and capitals; some rows as careless people type."""
    text = BEFORE_VOWEL.sub(lambda m: m[1] + 'n ', text)
    if rng.random() < LOOSE_SHARE:
        text = rng.choice([str.lower, str.lower, lambda t: t.rstrip('.'), lambda t: t.lower().rstrip('.'), lambda t: t.replace("'", '')])(text)
    else:
        text = SENTENCE_START.sub(lambda m: m[1] + m[2].upper(), text)
    return misspell(text, rng) if rng.random() < MISSPELT_SHARE else text


def compose(block: dict, parts: dict, rng: random.Random) -> list[tuple[str, str | None, int]]:
    """Up to `count` different texts of a block, each with the question it answers, where the block has `contexts` (numbered slots and fields are shared with the text), and the
    number of its template; `frame` names a part whose ways of asking take the text at `{0}`."""
    frames = parts[block['frame']] if 'frame' in block else ['{0}']
    found: dict[tuple[str, str | None], int] = {}
    for _ in range(block['count'] * TRIES):
        if len(found) == block['count']:
            break
        at, chosen = rng.randrange(len(block['texts'])), {}
        text = tidy(expand(rng.choice(frames).replace('{0}', block['texts'][at]), parts, rng, chosen), rng)
        found.setdefault((text, tidy(expand(rng.choice(block['contexts']), parts, rng, chosen), rng) if 'contexts' in block else None), at)
    return [(text, context, at) for (text, context), at in found.items()]


def read_grammar(path: Path) -> dict:
    """A grammar with the parts of the grammars that it names under `with`."""
    grammar = json.loads(path.read_text(encoding='utf8'))
    shared = [read_grammar(path.parent / f'{name}.json')['parts'] for name in grammar.get('with', [])]
    return {**grammar, 'parts': {name: part for parts in [*shared, grammar['parts']] for name, part in parts.items()}}


def composed(task: str, seed: int) -> list[dict]:
    """Rows like those of the pairs; rows of one template are one group."""
    rows = []
    for path in sorted((AUTHORED / 'grammar').glob(f'{task}.*.json')):
        grammar, rng = read_grammar(path), random.Random(seed)
        for b, block in enumerate(grammar['rows']):
            shared = {k: v for k, v in block.items() if k not in ('texts', 'contexts', 'count', 'frame')}
            rows += [{**shared, 'text': text, **({'context': context} if context else {}), 'group': f'grammar/{path.stem}/{b}/{at}'} for text, context, at in compose(block, grammar['parts'], rng)]
    return rows
