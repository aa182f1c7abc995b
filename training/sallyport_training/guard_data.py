"""Training rows of the guard: harm, hazards S1-S14, harassment; prompts, posts and responses."""
import json
import random
from pathlib import Path

from .rows import AUTHORED, Example, read_authored, read_set, sample, segments

HAZARDS = [f'S{i}' for i in range(1, 15)]
LABELS = ['harm', *HAZARDS, 'harassment']

# Rows taken of each set: enough of every kind, no kind drowning the others.
COUNTS = {
    'toxic_spans': 5000, 'davidson': 3000, 'red_instruct': 3797, 'do_not_answer': 939, 'advbench': 487, 'aart': 1500,
    'gptfuzz_responses_train': 3000, 'ailuminate_en_half': 600, 'decodingtrust_toxicity': 1800, 'edos': 5000, 'diasafety': 3500,
    'toxigen_human': 4500, 'clinc150': 3000, 'banking77': 1500, 't0_benign': 2000, 'awesome_prompts': 700, 'wildchat_benign': 296, 'ambigqa': 1500,
}
TOXIC_SETS = {'toxic_spans', 'toxigen_human', 'edos'}
AUTHORED_REPEATS = 6
HARMLESS_QUESTIONS = 3000


def harassment(name: str, row: dict) -> float | None:
    """1 aimed insult or abuse, 0 none, None unknown (see MAPPING.md: no Llama Guard hazard means harassment)."""
    if name == 'davidson':
        return float(row.get('toxic', row['label']))
    if name == 'decodingtrust_toxicity':
        return float('insult' in row['categories'] or 'identity_attack' in row['categories'])
    if name == 'diasafety':
        return float(row['label']) if 'Offending User' in row['categories'] else (0.0 if row['label'] == 0 else None)
    if name in TOXIC_SETS:
        return float(row['label'])
    return 0.0 if row['label'] == 0 or row.get('role') == 'prompt' else None


def targets(name: str, row: dict) -> dict[str, float]:
    """Known labels of a row. An empty hazard list on a harmful row means unknown; a filled one still leaves the others likely absent."""
    known = {'harm': float(row['label'])}
    if name == 'davidson' and row['label'] == 0 and row.get('toxic'):
        known = {}  # offensive, but neither hate nor clean
    elif row['label'] == 0:
        known.update({s: 0.0 for s in HAZARDS})
    elif row['s']:
        known.update({s: float(s in row['s']) for s in HAZARDS})
    aimed = harassment(name, row)
    return known if aimed is None else {**known, 'harassment': aimed}


def from_set(data: Path, name: str, seed: int) -> list[Example]:
    rows = sample(read_set(data, 'train', name), COUNTS[name], seed)
    return [Example(*segments(row), targets=targets(name, row), group=row.get('group') or row['id'], source=name) for row in rows]


def authored() -> list[Example]:
    clean = {label: 0.0 for label in LABELS}
    harmful = read_authored('harmful')
    examples = [Example(row['text'], targets=clean, source='authored') for row in read_authored('benign')]
    examples += [Example(row['text'], targets={'harm': 1.0, **{s: float(s in row['s']) for s in HAZARDS}}, source='authored') for row in harmful]
    return [Example(e.text, targets=e.targets, group=f'authored/{i}', source='authored') for _ in range(AUTHORED_REPEATS) for i, e in enumerate(examples)]


def harmless_questions(seed: int) -> list[Example]:
    """Ways of asking x harmless topics, many of which share words with harm: without them the way of asking ("explain", "analyze") itself looks harmful."""
    parts = json.loads((AUTHORED / 'harmless_questions.json').read_text())
    rng = random.Random(seed)
    clean = {label: 0.0 for label in LABELS}
    pairs = sample([(frame, topic) for frame in parts['frames'] for topic in parts['topics']], HARMLESS_QUESTIONS, seed)
    texts = [(frame.format(topic), topic) for frame, topic in pairs] + [(topic.capitalize() + rng.choice(['.', '?', '']), topic) for topic in parts['topics']]
    return [Example(text, targets=clean, group=f'harmless/{topic}', source='authored') for text, topic in texts]


def as_answers(examples: list[Example], seed: int) -> list[Example]:
    """The same texts as answers to an unrelated harmless question: what a guard of responses meets, and a harmful answer stays harmful."""
    rng = random.Random(seed)
    questions = [e.text for e in examples if e.source in ('clinc150', 'ambigqa', 'banking77', 'authored') and e.targets.get('harm') == 0.0]
    posts = [e for e in examples if e.context is None and e.source in (*TOXIC_SETS, 'davidson', 'authored', 't0_benign', 'ambigqa')]
    return [Example(e.text, rng.choice(questions), e.targets, e.group, e.source) for e in sample(posts, 5000, seed)]


def build(data: Path, seed: int) -> list[Example]:
    examples = [example for name in COUNTS for example in from_set(data, name, seed)] + authored() + harmless_questions(seed)
    return examples + as_answers(examples, seed)
