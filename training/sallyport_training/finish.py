"""After training: calibrate, choose thresholds, quantize, report, write the card."""
import json
from argparse import Namespace

import torch

from .calibrate import calibrated, fold_calibration
from .card import write_card
from .encoding import encode
from .fit import logits_of
from .export import export_int8, load_int8, write_checksums
from .metrics import figures, pair_figures, threshold_at
from .outlying import outlying_channels
from .reference import write_reference
from .rows import Example, read_set, segments
from .tasks import Task
from .windows import score

BENIGN_SHARE = {'threshold_1pct': 0.01, 'threshold_5pct': 0.05}


def thresholds(task: Task, held_out: list[Example], probabilities: torch.Tensor) -> dict[str, dict[str, float]]:
    """Per label: thresholds that 1 % and 5 % of the held-out negatives reach, and the recommended one (between 0.5 and the 1 % point)."""
    result = {}
    for i, label in enumerate(task.labels):
        negatives = [float(p) for e, p in zip(held_out, probabilities[:, i]) if e.targets.get(task.main_label) == 0.0]
        points = {name: round(threshold_at(negatives, share), 4) for name, share in BENIGN_SHARE.items()}
        result[label] = {**points, 'recommended': round(min(0.9, max(0.5, points['threshold_1pct'])), 2)}
    return result


def dev_figures(task: Task, model, tokenizer, data, chosen) -> dict[str, dict]:
    column = task.labels.index(task.main_label)
    result = {}
    for name in task.dev_sets:
        rows = read_set(data, 'dev', name)
        scores = torch.sigmoid(score(model, tokenizer, [Example(*segments(row)) for row in rows]))[:, column].tolist()
        result[name] = figures([row['label'] for row in rows], scores, chosen[task.main_label]['recommended'])
        print(name, result[name], flush=True)
    return result


def held_out_pairs(task: Task, held_out: list[Example], probabilities: torch.Tensor, threshold: float) -> dict[str, float | int]:
    """Pairs of our own that were kept out of training: is the harmful row told from its look-alike?"""
    kept = [(e, p) for e, p in zip(held_out, probabilities[:, task.labels.index(task.main_label)].tolist()) if e.source.startswith('pairs/')]
    return pair_figures([e.group for e, _ in kept], [e.targets[task.main_label] for e, _ in kept], [p for _, p in kept], threshold)


def finish(task: Task, model, tokenizer, held_out: list[Example], args: Namespace, seed: int, curve: list[dict]) -> None:
    model = model.eval()
    held_out = list({(e.text, e.context): e for e in held_out}.values())
    rows = encode(tokenizer, held_out, 256, seed)
    columns = logits_of(model, rows, model.columns)
    applied = fold_calibration(model, rows, columns, task.labels)
    probabilities = torch.sigmoid(model.read(calibrated(columns, task.labels, applied)))
    chosen = thresholds(task, held_out, probabilities)
    export_int8(model, args.base, task, outlying_channels(model, tokenizer, held_out), args.out)
    int8 = load_int8(args.out, args.base, task)
    metrics = {
        'float32': {} if args.skip_dev else dev_figures(task, model, tokenizer, args.data, chosen),
        'int8': {} if args.skip_dev else dev_figures(task, int8, tokenizer, args.data, chosen),
        'held_out_pairs': held_out_pairs(task, held_out, probabilities, chosen[task.main_label]['recommended']),
        'calibration': applied,
        'learning_curve': curve,
    }
    (args.out / 'thresholds.json').write_text(json.dumps(chosen, indent=1) + '\n')
    (args.out / 'metrics.json').write_text(json.dumps(metrics, indent=1) + '\n')
    write_reference(int8, tokenizer, task.labels, args.out)
    write_card(task, metrics, chosen, args.out)
    write_checksums(args.out)
