"""Platt scaling per label, folded into the last layer, so that the scores are probabilities without run-time code."""
from collections.abc import Callable

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from .encoding import Encoded
from .model import MeanPoolClassifier, union_logit

MINIMUM_POSITIVES = 20


def fit_platt(logits: torch.Tensor, targets: torch.Tensor, read: Callable = lambda logits: logits) -> tuple[float, float]:
    """(scale, shift) that minimise the log-loss of sigmoid(read(scale * logit + shift)); the scale stays positive, so the ranking by `logits` never changes."""
    log_scale = torch.zeros(1, requires_grad=True)
    shift = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_scale, shift], max_iter=100)

    def closure():
        optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(read(log_scale.exp() * logits + shift), targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_scale.exp().item(), shift.item()


def fold_calibration(model: MeanPoolClassifier, rows: list[Encoded], columns: torch.Tensor, labels: list[str]) -> dict[str, dict[str, float]]:
    """Calibrates every label with enough known positives on held-out rows, a union after its parts; returns what was applied. `columns`: what the last layer gives for the rows."""
    applied = {}
    for i in sorted(range(len(labels)), key=lambda i: i == 0 and len(model.union) > 0):
        known = [r for r, row in enumerate(rows) if labels[i] in row.targets]
        targets = torch.tensor([rows[r].targets[labels[i]] for r in known])
        if targets.sum() < MINIMUM_POSITIVES:
            continue
        parts = calibrated(columns, labels, applied)[known][:, model.union]
        scale, shift = fit_platt(columns[known, i], targets, lambda own: union_logit(own, parts)) if i == 0 and model.union else fit_platt(columns[known, i], targets)
        with torch.no_grad():
            model.classifier.weight[i] *= scale
            model.classifier.bias[i] = model.classifier.bias[i] * scale + shift
        applied[labels[i]] = {'scale': round(scale, 4), 'shift': round(shift, 4), 'positives': int(targets.sum()), 'rows': len(known)}
    return applied


def calibrated(columns: torch.Tensor, labels: list[str], applied: dict[str, dict[str, float]]) -> torch.Tensor:
    """The columns that the last layer gives after `fold_calibration`, without another run."""
    steps = [applied.get(label, {'scale': 1.0, 'shift': 0.0}) for label in labels]
    return columns * torch.tensor([step['scale'] for step in steps]) + torch.tensor([step['shift'] for step in steps])
