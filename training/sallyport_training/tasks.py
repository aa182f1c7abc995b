"""What differs between the two models."""
from dataclasses import dataclass
from typing import Callable

from . import attack_data, guard_data


@dataclass(frozen=True)
class Task:
    name: str
    labels: list[str]
    build: Callable
    epochs: int
    max_tokens: int
    main_label: str
    dev_sets: list[str]
    augment: Callable = lambda examples, seed: []  # more rows, made of rows that are trained on


TASKS = {
    'guard': Task('guard', guard_data.LABELS, guard_data.build, 2, 256, 'harm', ['openai_moderation', 'xstest', 'xstest_responses', 'hatecheck'], guard_data.buried),
    'prompt-guard': Task('prompt-guard', attack_data.LABELS, attack_data.build, 2, 144, 'attack', ['deepset_test', 'notinject', 'bipia_test', 'llm_warden_test']),
}
