"""Checks `authored/pairs/<task>/<type>.jsonl`: schema, unique texts, pairs with both labels, no near-duplicates; prints the counts."""
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from .rows import AUTHORED, read_lines

TASKS = {'guard': 2000, 'prompt-guard': 1200}
HAZARDS = [f'S{i}' for i in range(1, 15)]
ROLES = {'prompt', 'response', 'post', 'document'}
KINDS = {'injection', 'jailbreak', 'indirect'}
FIELDS = {'pair', 'text', 'label', 's', 'role', 'context', 'kind', 'task', 'note'}
POSITIVES_PER_HAZARD = 60
SHINGLE_WORDS, MAX_JACCARD = 5, 0.8


def read(folder: Path = AUTHORED / 'pairs') -> dict[str, list[dict]]:
    """The rows of every file of pairs, by `<task>/<type>`."""
    return {f'{path.parent.name}/{path.stem}': read_lines(path) for path in sorted(folder.glob('*/*.jsonl'))}


def row_problems(file: str, row: dict) -> list[str]:
    """What is wrong with one row of `<task>/<type>` by itself."""
    task, type_ = file.split('/')
    attack = row.get('task') == 'prompt-guard'
    rules = {
        'unknown field': set(row) <= FIELDS,
        'task is not that of the file': row.get('task') == task and task in TASKS,
        'pair is not named for the type': str(row.get('pair', '')).startswith(f'{type_}-'),
        'text is empty or not trimmed': isinstance(row.get('text'), str) and row['text'].strip() == row['text'] != '',
        'label is not 0 or 1': row.get('label') in (0, 1),
        'unknown role': row.get('role') in ROLES,
        's must name hazards on harmful guard rows and only there':
            ('s' in row) == (row.get('label') == 1 and not attack) and set(row.get('s', ['S1'])) <= set(HAZARDS) and row.get('s', ['S1']) != [],
        'kind must be on attacks and only there': ('kind' in row) == (row.get('label') == 1 and attack) and row.get('kind', 'injection') in KINDS,
        'context is for responses': 'context' not in row or row['role'] == 'response',
    }
    return [f'{file}: {row.get("pair")}: {message}' for message, holds in rules.items() if not holds]


def words(text: str) -> list[str]:
    return re.findall(r"[\w'*]+", text.lower())


def normal(row: dict) -> str:
    """Text and context without case, spacing and punctuation: two rows with the same one are the same row."""
    return ' '.join(words(row['text'])) + '|' + row.get('context', '') if words(row['text']) else row['text']


def shingles(text: str) -> set[tuple[str, ...]]:
    tokens = words(text)
    return {tuple(tokens[i:i + SHINGLE_WORDS]) for i in range(max(1, len(tokens) - SHINGLE_WORDS + 1))}


def near_duplicates(rows: list[dict]) -> list[tuple[dict, dict, float]]:
    """Rows of different pairs whose word 5-grams overlap too much; inside a pair likeness is the purpose."""
    sets = [shingles(row['text']) for row in rows]
    holders = defaultdict(list)
    for i, grams in enumerate(sets):
        for gram in grams:
            holders[gram].append(i)
    shared = Counter((i, j) for at in holders.values() for i in at for j in at if i < j and rows[i]['pair'] != rows[j]['pair'])
    scored = ((rows[i], rows[j], n / (len(sets[i]) + len(sets[j]) - n)) for (i, j), n in shared.items())
    return [found for found in scored if found[2] > MAX_JACCARD]


def problems(files: dict[str, list[dict]]) -> list[str]:
    """Everything that is wrong with the files, as sentences; none: []."""
    rows = [row for part in files.values() for row in part]
    found = [problem for file, part in files.items() for row in part for problem in row_problems(file, row)]
    if found:
        return found
    labels, homes = defaultdict(set), defaultdict(set)
    for file, part in files.items():
        for row in part:
            labels[row['pair']].add(row['label'])
            homes[row['pair']].add(file)
    found += [f'{pair}: needs both labels' for pair, seen in labels.items() if seen != {0, 1}]
    found += [f'{pair}: in several files' for pair, seen in homes.items() if len(seen) > 1]
    found += [f'written twice: {text[:80]}' for text, n in Counter(map(normal, rows)).items() if n > 1]
    return found + [f'near-duplicates ({score:.2f}): {a["pair"]}, {b["pair"]}: {a["text"][:60]}' for a, b, score in near_duplicates(rows)]


def shortfalls(files: dict[str, list[dict]]) -> list[str]:
    """Amounts that the collection promises and does not reach."""
    rows = [row for part in files.values() for row in part]
    found = []
    for task, least in TASKS.items():
        ones = Counter(row['label'] for row in rows if row['task'] == task)
        found += [f'{task}: {ones.total()} rows, expected {least}'] if ones.total() < least else []
        found += [f'{task}: {ones[1]} of label 1, {ones[0]} of label 0, expected more of label 0'] if ones[1] > ones[0] else []
    hazards = Counter(s for row in rows for s in row.get('s', []))
    return found + [f'{s}: {hazards[s]} positives, expected {POSITIVES_PER_HAZARD}' for s in HAZARDS if hazards[s] < POSITIVES_PER_HAZARD]


def table(files: dict[str, list[dict]]) -> str:
    """Markdown: rows by file and label with the words per row, then positives by hazard and by kind."""
    lines = ['| file | pairs | label 0 | label 1 | words (median, longest) |', '| --- | --- | --- | --- | --- |']
    for file, part in [*files.items(), ('total', [row for part in files.values() for row in part])]:
        lengths = sorted(len(row['text'].split()) for row in part) or [0]
        ones = sum(row['label'] for row in part)
        pairs = len({row['pair'] for row in part})
        lines.append(f'| {file} | {pairs} | {len(part) - ones} | {ones} | {lengths[len(lengths) // 2]}, {lengths[-1]} |')
    rows = [row for part in files.values() for row in part]
    for title, order, counts in (('hazard', HAZARDS, Counter(s for row in rows for s in row.get('s', []))),
                                 ('kind', sorted(KINDS), Counter(row.get('kind') for row in rows)),
                                 ('role', sorted(ROLES), Counter(row['role'] for row in rows))):
        lines += ['', f'| {title} | ' + ' | '.join(order) + ' |', '| --- ' * (len(order) + 1) + '|', '| rows | ' + ' | '.join(str(counts[k]) for k in order) + ' |']
    return '\n'.join(lines)


if __name__ == '__main__':
    files = read()
    found = problems(files) + shortfalls(files)
    print('\n'.join([table(files), '', *found, f'{len(found)} problems']))
    sys.exit(1 if found else 0)
