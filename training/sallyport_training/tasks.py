"""What differs between the two models."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from . import attack_data, guard_data
from .model import MeanPoolClassifier


@dataclass(frozen=True)
class Task:
    name: str
    labels: list[str]
    build: Callable
    epochs: int
    max_tokens: int
    main_label: str
    dev_sets: list[str]
    union: list[str] = field(default_factory=list)  # labels of which the main one is the union, beside what none of them names
    augment: Callable = lambda examples, seed: []  # more rows, made of rows that are trained on

    def new_model(self, base: Path) -> MeanPoolClassifier:
        return MeanPoolClassifier(base, len(self.labels), [self.labels.index(label) for label in self.union])


TASKS = {
    'guard': Task('guard', guard_data.LABELS, guard_data.build, 2, 256, 'harm', ['openai_moderation', 'xstest', 'xstest_responses', 'hatecheck'], guard_data.HAZARDS, guard_data.buried),
    'prompt-guard': Task('prompt-guard', attack_data.LABELS, attack_data.build, 2, 144, 'attack', ['deepset_test', 'notinject', 'bipia_test', 'llm_warden_test']),
}
