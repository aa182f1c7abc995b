"""The learning curve: figures on held-out rows at a few points of a run."""
import random

from .encoding import encode
from .fit import logits_of
from .metrics import figures, pair_figures
from .rows import Example
from .tasks import Task

ROWS = 400  # enough for a trend; more would cost the run minutes
POINTS = 8


class LearningCurve:
    """Called by the training at each of `POINTS` steps; `points` then holds step, running loss, AUROC of the main label and the share of held-out pairs in order."""

    def __init__(self, task: Task, tokenizer, held_out: list[Example], seed: int):
        known = [e for e in held_out if task.main_label in e.targets]
        paired = [e for e in known if e.source.startswith('pairs/')]
        others = [e for e in known if not e.source.startswith('pairs/')]
        self.rows = list({(e.text, e.context): e for e in paired + random.Random(seed).sample(others, min(len(others), ROWS))}.values())
        self.encoded = encode(tokenizer, self.rows, task.max_tokens, seed)
        self.task, self.points = task, []

    def __call__(self, model, step: int, loss: float) -> None:
        scores = logits_of(model, self.encoded)[:, self.task.labels.index(self.task.main_label)].tolist()
        truth = [e.targets[self.task.main_label] for e in self.rows]
        pairs = [(e.group, t, s) for e, t, s in zip(self.rows, truth, scores) if e.source.startswith('pairs/')]
        point = {'step': step, 'loss': round(loss, 4), 'auroc': figures(truth, scores, 0.0).get('auroc'), 'pairs_ranked': pair_figures(*zip(*pairs), 0.0).get('ranked') if pairs else None}
        self.points.append(point)
        print(point, flush=True)
        model.train()
