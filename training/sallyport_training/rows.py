"""Reads the data sets and turns each row into one or two text segments."""
import gzip
import json
import random
from dataclasses import dataclass, field
from pathlib import Path


AUTHORED = Path(__file__).parent.parent / 'authored'


@dataclass
class Example:
    """One training or evaluation row. `text` is judged; `context` is the user turn that a response answers. Labels absent from `targets` are unknown."""
    text: str
    context: str | None = None
    targets: dict[str, float] = field(default_factory=dict)
    group: str = ''
    source: str = ''
    weight: float = 1.0
    keep: str | None = None  # a part of `text` that a crop must contain


def read_set(data: Path, part: str, name: str) -> list[dict]:
    with gzip.open(data / part / f'{name}.jsonl.gz', 'rt', encoding='utf8') as lines:
        return [json.loads(line) for line in lines]


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding='utf8').splitlines()]


def read_authored(name: str) -> list[dict]:
    return read_lines(AUTHORED / f'{name}.jsonl')


def read_pairs(task: str) -> list[dict]:
    """The rows of `authored/pairs/<task>/<type>.jsonl`, each with its `type`; rows of one `pair` differ in their label and belong on one side of a split."""
    return [{**row, 'type': path.stem} for path in sorted((AUTHORED / 'pairs' / task).glob('*.jsonl')) for row in read_lines(path)]


def segments(row: dict) -> tuple[str, str | None]:
    """(text, context): the last message of a conversation with the user turn before it, or the text alone."""
    messages = row.get('messages')
    if not messages:
        return row['text'], None
    asked = [m['content'] for m in messages[:-1] if m['role'] == 'user']
    return messages[-1]['content'], asked[-1] if asked else None


def sample(rows: list, count: int, seed: int) -> list:
    """At most `count` rows, chosen by seed, in a stable order."""
    return rows if len(rows) <= count else random.Random(seed).sample(rows, count)


def split_by_group(examples: list[Example], share: float, seed: int, kept: frozenset[str] = frozenset()) -> tuple[list[Example], list[Example]]:
    """(train, held out); examples of one group stay on one side, and so does a held-out text that another example carries inside it. `kept`: groups to hold out instead of drawing them."""
    groups = sorted({example.group for example in examples})
    held = kept or set(random.Random(seed).sample(groups, int(len(groups) * share)))
    aside = [e for e in examples if e.group in held]
    texts = {e.text for e in aside}
    return [e for e in examples if e.group not in held and e.keep not in texts], aside
