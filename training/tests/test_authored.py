"""The sentences in pairs hold what their README promises, and the check finds each kind of damage."""
import pytest

from sallyport_training.authored_check import problems, read, shortfalls, table
from sallyport_training.rows import AUTHORED

FILES = read()
GOOD = {'pair': 'x-001', 'text': 'one two three four five six seven', 'label': 1, 's': ['S1'], 'role': 'prompt', 'task': 'guard'}
PARTNER = {'pair': 'x-001', 'text': 'quite another harmless sentence', 'label': 0, 'role': 'prompt', 'task': 'guard'}


def test_files_are_sound():
    assert problems(FILES) == []
    assert problems(read(AUTHORED / 'aside')) == []


def test_amounts_are_reached():
    assert shortfalls(FILES) == []


def test_readme_prints_the_table_of_today():
    assert table(FILES) in (AUTHORED / 'README.md').read_text(encoding='utf8')


@pytest.mark.parametrize('change', [{'label': 2}, {'s': ['S15']}, {'s': []}, {'role': 'letter'}, {'task': 'prompt-guard'}, {'text': ' '}, {'text': ' x'},
                                    {'kind': 'injection'}, {'context': 'a question'}, {'pair': 'y-001'}, {'extra': 1}])
def test_a_damaged_row_is_found(change):
    assert problems({'guard/x': [GOOD, PARTNER]}) == []
    assert problems({'guard/x': [GOOD | change, PARTNER]}) != []


def test_a_pair_needs_both_labels():
    assert problems({'guard/x': [GOOD]}) == ['x-001: needs both labels']


def test_a_pair_lives_in_one_file():
    assert problems({'guard/x': [GOOD, PARTNER], 'prompt-guard/x': [PARTNER | {'task': 'prompt-guard', 'text': 'elsewhere'}]}) == ['x-001: in several files']


def test_a_copy_across_pairs_is_found():
    copy = GOOD | {'pair': 'x-002', 'text': 'One two three, four five six  SEVEN!'}
    assert any(p.startswith('written twice') for p in problems({'guard/x': [GOOD, PARTNER, copy, PARTNER | {'pair': 'x-002', 'text': 'a partner of its own'}]}))


def test_a_near_copy_across_pairs_is_found():
    long = GOOD | {'text': 'a b c d e f g h i j k l m n'}
    near = long | {'pair': 'x-002', 'text': long['text'] + ' o'}
    assert problems({'guard/x': [long, PARTNER, near, PARTNER | {'pair': 'x-002', 'text': 'a partner of its own'}]})[0].startswith('near-duplicates')


def test_likeness_inside_a_pair_is_the_purpose():
    assert problems({'guard/x': [GOOD, PARTNER | {'text': GOOD['text'] + ' eight'}]}) == []
