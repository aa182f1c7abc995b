"""Composed sentences: what a template promises, whole slots, both labels, and the same rows for the same seed."""
import random
from collections import Counter, defaultdict

import pytest

from sallyport_training.authored_check import HAZARDS, KINDS, ROLES
from sallyport_training.grammar import compose, composed, expand, read_grammar, tidy
from sallyport_training.guard_data import composed_rows
from sallyport_training.rows import AUTHORED
from sallyport_training.spelling import misspell

ROWS = {task: composed(task, 7) for task in ('guard', 'prompt-guard')}


def test_a_numbered_slot_keeps_its_choice_and_a_field_its_entry():
    parts = {'g': [{'one': 'cat', 'many': 'cats'}, {'one': 'dog', 'many': 'dogs'}], 'x': ['a', 'b', 'c']}
    for seed in range(20):
        many, one, first, second = expand('{g.many} {g.one} {x1} {x1}', parts, random.Random(seed), {}).split()
        assert many == one + 's' and first == second


def test_a_plain_slot_takes_another_choice_until_none_is_left():
    assert sorted(expand('{x} {x} {x}', {'x': ['a', 'b', 'c']}, random.Random(1), {}).split()) == ['a', 'b', 'c']


def test_a_question_shares_the_choices_of_its_answer():
    block = {'count': 40, 'texts': ['feed your {a1} {n}'], 'contexts': ['my {a1} is hungry']}
    rows = compose(block, {'a': ['cat', 'dog', 'hen'], 'n': [f'number {n}' for n in range(20)]}, random.Random(3))
    plain = [(text.lower().split()[2], context.lower().split()[1]) for text, context, _ in rows if {'cat', 'dog', 'hen'} & {*text.lower().split()} and {'cat', 'dog', 'hen'} & {*context.lower().split()}]
    assert len(plain) > 20 and all(animal == asked for animal, asked in plain)


def test_articles_fit_the_next_word():
    rng = random.Random(0)
    assert {tidy('a Asian met a European and a user.', rng).lower().rstrip('.') for _ in range(5)} <= {'an asian met a european and a user'}


@pytest.mark.parametrize('task', ROWS)
def test_rows_are_whole_unique_and_known(task):
    texts = Counter(row['text'] for row in ROWS[task])
    assert not [t for t in texts if '{' in t or '}' in t]
    for row in ROWS[task]:
        assert row['role'] in ROLES and row['label'] in (0, 1)
        assert 'context' not in row or row['role'] == 'response'
        assert set(row.get('s', [])) <= set(HAZARDS) and ('kind' in row) == (task == 'prompt-guard' and row['label'] == 1) and row.get('kind', 'injection') in KINDS


@pytest.mark.parametrize('task', ROWS)
def test_no_text_has_both_labels(task):
    seen = defaultdict(set)
    for row in ROWS[task]:
        seen[row['text'].lower().strip(' .!')].add(row['label'])
    assert not [text for text, labels in seen.items() if len(labels) > 1]


def test_the_same_seed_gives_the_same_rows():
    assert composed('guard', 7) == ROWS['guard'] != composed('guard', 8)


def test_part_names_do_not_end_in_a_digit():
    names = [name for path in (AUTHORED / 'grammar').glob('*.json') for name in read_grammar(path)['parts']]
    assert not [name for name in names if name[-1].isdigit()]


def test_abuse_is_noted_where_it_is_known():
    examples = composed_rows(7)
    hate = [e for e in examples if e.targets.get('S10') == 1.0]
    assert hate and all(e.targets['harassment'] == 1.0 for e in hate)
    assert any(e.targets['harm'] == 0.0 and e.targets.get('harassment') == 1.0 for e in examples)
    assert any(e.targets['harm'] == 0.0 and 'harassment' not in e.targets for e in examples)


def test_misspelling_leaves_something_to_read():
    rng = random.Random(5)
    assert all(len(misspell('people should be kind to one another', rng)) > 20 for _ in range(100))
