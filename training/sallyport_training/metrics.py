"""Figures of a classifier on labelled rows."""
from collections import defaultdict

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score


def figures(targets, scores, threshold: float) -> dict[str, float | int]:
    """AUPRC, AUROC (where both classes occur), F1, recall and false-positive rate at `threshold`."""
    targets, scores = np.asarray(targets), np.asarray(scores)
    flagged = scores >= threshold
    result: dict[str, float | int] = {'rows': len(targets), 'positives': int(targets.sum())}
    if 0 < targets.sum() < len(targets):
        result |= {'auprc': average_precision_score(targets, scores), 'auroc': roc_auc_score(targets, scores), 'recall_at_1pct_fp': recall_at(targets, scores, 0.01)}
    if targets.sum() > 0:
        result |= {'f1': f1_score(targets, flagged), 'recall': flagged[targets == 1].mean()}
    if targets.sum() < len(targets):
        result |= {'false_positive_rate': flagged[targets == 0].mean()}
    return {k: v if isinstance(v, int) else round(float(v), 4) for k, v in result.items()}


def threshold_at(negative_scores, share: float) -> float:
    """The smallest threshold that at most `share` of the negatives reach."""
    ordered = np.sort(np.asarray(negative_scores))[::-1]
    allowed = int(len(ordered) * share)
    return float(np.nextafter(np.float32(ordered[allowed]), np.float32(2))) if allowed < len(ordered) else 0.0


def recall_at(targets, scores, share: float) -> float:
    targets, scores = np.asarray(targets), np.asarray(scores)
    return float((scores[targets == 1] >= threshold_at(scores[targets == 0], share)).mean())


def pair_figures(groups, targets, scores, threshold: float) -> dict[str, float | int]:
    """Of groups with both labels: the share with every row on its side of `threshold`, and with every harmful row above every harmless one."""
    members = defaultdict(lambda: ([], []))
    for group, target, score in zip(groups, targets, scores):
        members[group][int(target)].append(score)
    both = [(zeros, ones) for zeros, ones in members.values() if zeros and ones]
    if not both:
        return {'pairs': 0}
    decided = sum(max(zeros) < threshold <= min(ones) for zeros, ones in both)
    ranked = sum(max(zeros) < min(ones) for zeros, ones in both)
    return {'pairs': len(both), 'decided': round(decided / len(both), 4), 'ranked': round(ranked / len(both), 4)}
