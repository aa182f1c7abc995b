"""Training rows of the guard: harm, hazards S1-S14, harassment; prompts, posts and responses."""
import json
import random
from pathlib import Path

from .grammar import composed
from .rows import AUTHORED, Example, read_authored, read_pairs, read_set, sample, segments
from .spelling import careless

HAZARDS = [f'S{i}' for i in range(1, 15)]
LABELS = ['harm', *HAZARDS, 'harassment']

# Rows taken of each set. Sets of posts label tone more than harm, sets of requests repeat their manner, `do_not_answer` holds much that is harmless to ask:
# few are taken of these. Our own pairs and composed sentences weigh more than any of them.
COUNTS = {
    'toxic_spans': 400, 'davidson': 900, 'red_instruct': 900, 'do_not_answer': 500, 'advbench': 300, 'aart': 400,
    'gptfuzz_responses_train': 650, 'ailuminate_en_half': 600, 'decodingtrust_toxicity': 600, 'edos': 1000, 'diasafety': 550,
    'toxigen_human': 3300, 'clinc150': 600, 'banking77': 200, 't0_benign': 900, 'awesome_prompts': 100, 'wildchat_benign': 296, 'ambigqa': 700,
}
BALANCED_SETS = {'davidson', 'edos'}  # as many harmful rows as others
TOXIC_SETS = {'toxic_spans', 'toxigen_human', 'edos'}
DANGEROUS_TONES = {'threat', 'identity_attack', 'sexually_explicit'}
CARELESS_SHARE = 0.4  # of our own prompts and posts
AUTHORED_REPEATS = 2
HARMLESS_QUESTIONS = 700
ANSWERS = 1100
BURIED = 1000
BURIED_SOURCES = {'composed/post', 'pairs/post', 'pairs/prompt', 'toxigen_human', 'authored'}


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
    elif row['label'] == 1 and (name == 'toxic_spans' or name == 'decodingtrust_toxicity' and not DANGEROUS_TONES & set(row['categories'])):
        known = {}  # rude: harassment or profanity, which is not harm by itself
    elif row['label'] == 0:
        known.update({s: 0.0 for s in HAZARDS})
    elif row['s']:
        known.update({s: float(s in row['s']) for s in HAZARDS})
    aimed = harassment(name, row)
    return known if aimed is None else {**known, 'harassment': aimed}


def from_set(data: Path, name: str, seed: int) -> list[Example]:
    rows = read_set(data, 'train', name)
    if name in BALANCED_SETS:
        ones, others = ([row for row in rows if row['label'] == label] for label in (1, 0))
        rows = sample(ones, COUNTS[name] // 2, seed) + sample(others, COUNTS[name] // 2, seed)
    rows = sample(rows, COUNTS[name], seed)
    return [Example(*segments(row), targets=targets(name, row), group=row.get('group') or row['id'], source=name) for row in rows]


def typed(text: str, rng: random.Random) -> str:
    """As written, or as careless people type."""
    return careless(text, rng) if rng.random() < CARELESS_SHARE else text


def pairs(seed: int) -> list[Example]:
    """Our own pairs, with their questions: as written, or as careless people type; whether a harmful row is aimed abuse is not noted, so unknown."""
    rng = random.Random(seed)
    clean = {label: 0.0 for label in LABELS}
    harmful = lambda row: {'harm': 1.0, **{s: float(s in row['s']) for s in HAZARDS}}
    return [Example(typed(row['text'], rng), row.get('context'), harmful(row) if row['label'] else clean, f'authored/{row["pair"]}', f'pairs/{row["role"]}')
            for row in read_pairs('guard')]


def ordinary(seed: int) -> list[Example]:
    """What people ask and order of assistants and each other: the harmless prompts of the prompt guard's pairs. Without them a guard that knows requests for harm takes one in ten plain orders for one."""
    rng = random.Random(seed)
    clean = {label: 0.0 for label in LABELS}
    return [Example(typed(row['text'], rng), targets=clean, group=f'authored/{row["pair"]}', source='ordinary')
            for row in read_pairs('prompt-guard') if not row['label'] and row['role'] == 'prompt']


def composed_rows(seed: int) -> list[Example]:
    """Composed sentences. `harassment` is what a block says (null: unknown); without a word from it, hate is aimed abuse and harmless text is none."""
    examples = []
    for row in composed('guard', seed):
        known = {'harm': float(row['label']), **({s: float(s in row['s']) for s in HAZARDS} if 's' in row else {} if row['label'] else dict.fromkeys(HAZARDS, 0.0))}
        aimed = row.get('harassment', 0.0 if not row['label'] else 1.0 if 'S10' in row.get('s', []) else None)
        examples.append(Example(row['text'], row.get('context'), known if aimed is None else {**known, 'harassment': float(aimed)}, group=row['group'], source=f'composed/{row["role"]}'))
    return examples


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
    questions = [e.text for e in examples if e.context is None and e.source in ('clinc150', 'ambigqa', 'banking77', 'pairs/prompt') and e.targets.get('harm') == 0.0]
    texts = [e for e in examples if e.context is None and e.source in (*TOXIC_SETS, 'davidson', 'authored', 'pairs/post', 'pairs/prompt', 'ordinary', 'composed/post', 'composed/response', 't0_benign', 'ambigqa')]
    return [Example(e.text, rng.choice(questions), e.targets, e.group, 'answers') for e in sample(texts, ANSWERS, seed)]


def buried(examples: list[Example], seed: int) -> list[Example]:
    """Longer texts: harmless ones after one another, with a harmful one among them and without. A harmful sentence in a long text is as harmful, and a long text is no sign of it."""
    rng = random.Random(seed)
    alone = [e for e in examples if e.context is None and e.source in BURIED_SOURCES]
    harmless, harmful = ([e for e in alone if e.targets.get('harm') == label] for label in (0.0, 1.0))
    result = []
    for e in sample(harmful, BURIED, seed):
        around = [x.text for x in rng.sample(harmless, rng.randint(1, 5))]
        at, glue = rng.randint(0, len(around)), rng.choice([' ', '\n', '\n\n'])
        known = {label: value for label, value in e.targets.items() if label != 'harassment' or value}
        result += [Example(glue.join([*around[:at], e.text, *around[at:]]), targets=known, group=e.group, source='buried', keep=e.text),
                   Example(glue.join(around), targets=dict.fromkeys(LABELS, 0.0), group=e.group, source='buried')]
    return result


def build(data: Path, seed: int) -> list[Example]:
    examples = [example for name in COUNTS for example in from_set(data, name, seed)] + pairs(seed) + ordinary(seed) + composed_rows(seed) + authored() + harmless_questions(seed)
    return examples + as_answers(examples, seed)
