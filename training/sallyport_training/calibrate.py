"""Platt scaling per label, folded into the last layer, so that sigmoid(logit) is a probability without run-time code."""
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from .encoding import Encoded

MINIMUM_POSITIVES = 20


def fit_platt(logits: torch.Tensor, targets: torch.Tensor) -> tuple[float, float]:
    """(scale, shift) that minimise the log-loss of sigmoid(scale * logit + shift); the scale stays positive, so the ranking never changes."""
    log_scale = torch.zeros(1, requires_grad=True)
    shift = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_scale, shift], max_iter=100)

    def closure():
        optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(log_scale.exp() * logits + shift, targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_scale.exp().item(), shift.item()


def fold_calibration(classifier: torch.nn.Linear, rows: list[Encoded], logits: torch.Tensor, labels: list[str]) -> dict[str, dict[str, float]]:
    """Calibrates every label with enough known positives on held-out rows; returns what was applied."""
    applied = {}
    for i, label in enumerate(labels):
        known = [r for r, row in enumerate(rows) if label in row.targets]
        targets = torch.tensor([rows[r].targets[label] for r in known])
        if targets.sum() < MINIMUM_POSITIVES:
            continue
        scale, shift = fit_platt(logits[known, i], targets)
        with torch.no_grad():
            classifier.weight[i] *= scale
            classifier.bias[i] = classifier.bias[i] * scale + shift
        applied[label] = {'scale': round(scale, 4), 'shift': round(shift, 4), 'positives': int(targets.sum()), 'rows': len(known)}
    return applied


def calibrated(logits: torch.Tensor, labels: list[str], applied: dict[str, dict[str, float]]) -> torch.Tensor:
    """The logits that the model gives after `fold_calibration`, without another run."""
    steps = [applied.get(label, {'scale': 1.0, 'shift': 0.0}) for label in labels]
    return logits * torch.tensor([step['scale'] for step in steps]) + torch.tensor([step['shift'] for step in steps])
