"""The model card, from the figures; prose that figures cannot give stands in authored/cards/<model>.md."""
import json
from pathlib import Path

from .export import write_checksums
from .tasks import TASKS, Task

COLUMNS = ['rows', 'positives', 'auprc', 'auroc', 'f1', 'recall', 'false_positive_rate', 'recall_at_1pct_fp']


def table(sets: dict[str, dict]) -> str:
    head = f'| set | {" | ".join(COLUMNS)} |\n| --- |{" --- |" * len(COLUMNS)}\n'
    return head + ''.join(f'| {name} | {" | ".join(str(row.get(c, "–")) for c in COLUMNS)} |\n' for name, row in sets.items())


def threshold_table(chosen: dict[str, dict]) -> str:
    head = '| label | recommended | 1 % of benign | 5 % of benign |\n| --- | --- | --- | --- |\n'
    return head + ''.join(f'| {label} | {t["recommended"]} | {t["threshold_1pct"]} | {t["threshold_5pct"]} |\n' for label, t in chosen.items())


def curve_table(points: list[dict]) -> str:
    """Held-out rows as the training went on."""
    rows = [[str(p['step']), number(p['loss']), number(p['auroc']), number(p['pairs_ranked'])] for p in points]
    return 'Learning curve, on held-out rows (a sample) while training:\n\n' + rows_of(['step', 'running loss', 'AUROC', 'pairs in order'], rows)


EVALUATED = {'auprc': 'AUPRC', 'auroc': 'AUROC', 'f1': 'F1', 'recall': 'recall', 'falsePositiveRate': 'false positives', 'recallAt1PercentFp': 'recall at 1 % FP', 'recallAt5PercentFp': 'recall at 5 % FP'}


def number(value: float | None) -> str:
    return '–' if value is None else f'{value:.3f}'


def rows_of(head: list[str], rows: list[list[str]]) -> str:
    return ''.join(f'| {" | ".join(row)} |\n' for row in [head, ['---'] * len(head), *rows])


def evaluated(evaluations: list[dict]) -> str:
    """Markdown of what `sallyport eval` measured: figures with 95 % intervals, hazards by their own score, reliability."""
    parts = ['At the thresholds of the default policy, with 95 % bootstrap intervals (`sallyport eval`, int8 weights in llama-core):\n\n' + rows_of(
        ['set', 'threshold', 'rows', 'positives', *EVALUATED.values(), 'ECE'],
        [[e['set'], str(e['threshold']), str(e['rows']), str(e['positives']), *(ranged(e['metrics'], e['intervals'], key) for key in EVALUATED), number(e['calibration']['ece'])] for e in evaluations])]
    hazards = [[e['set'], h['hazard'], str(h['positives']), *(ranged(h, h['intervals'], key) for key in ('auprc', 'auroc', 'recall', 'falsePositiveRate'))] for e in evaluations for h in e['hazards']]
    if hazards:
        parts.append('Hazards by their own score, against the harmless rows of the set:\n\n' + rows_of(['set', 'hazard', 'positives', 'AUPRC', 'AUROC', 'recall', 'false positives'], hazards))
    parts.append('Which part of the positives and of the negatives the default policy blocks by all its rules for this model, and which part met each rule (positives / negatives; another rule is a kind of attack):\n\n' + rows_of(
        ['set', 'blocked', 'by rule'], [[e['set'], both(e['policy']['blocked']), ', '.join(f'{rule["rule"]} {both(rule)}' for rule in e['policy']['rules'])] for e in evaluations]))
    bins = [[e['set'], *('–' if b is None else f'{b["observed"]:.2f} ({b["rows"]})' for b in deciles(e))] for e in evaluations if e['positives']]
    parts.append('Reliability: share of positives (rows) among scores of each tenth:\n\n' + rows_of(['set', *(f'0.{i}–' for i in range(10))], bins))
    return '\n'.join(parts)


def ranged(figures: dict, intervals: dict, key: str) -> str:
    return number(figures[key]) + (' [{:.3f}, {:.3f}]'.format(*intervals[key]) if key in intervals else '')


def both(shares: dict) -> str:
    return f'{number(shares["positives"])} / {number(shares["negatives"])}'


def deciles(evaluation: dict) -> list[dict | None]:
    found = {round(b['from'] * 10): b for b in evaluation['calibration']['bins']}
    return [found.get(i) for i in range(10)]


def write_card(task: Task, metrics: dict, chosen: dict, out: Path) -> None:
    prose = (Path(__file__).parent.parent / 'authored' / 'cards' / f'{task.name}.md').read_text(encoding='utf8')
    figures = '## Figures on the development sets\n\n'
    if metrics.get('evaluations'):
        figures += evaluated(metrics['evaluations'])
    if metrics['int8']:
        figures += f'Of `{task.main_label}` at its recommended threshold, int8 weights:\n\n{table(metrics["int8"])}\nThe same with float32 weights:\n\n{table(metrics["float32"])}'
    if metrics.get('held_out_pairs'):
        pairs = metrics['held_out_pairs']
        figures += f'\nOf {pairs["pairs"]} pairs of our own kept out of training, {pairs["decided"]:.0%} have both rows on their side of the recommended threshold and {pairs["ranked"]:.0%} are in the right order.\n'
    for peer, sets in metrics.get('peers', {}).items():
        figures += f'\nThe peer {peer} on the same rows, at its own threshold of 0.5:\n\n{table(sets)}'
    if metrics.get('learning_curve'):
        figures += '\n' + curve_table(metrics['learning_curve'])
    figures += f'\n## Thresholds\n\nOn held-out rows:\n\n{threshold_table(chosen)}'
    (out / 'README.md').write_text(prose.replace('{{figures}}', figures), encoding='utf8')


def rewrite_card(out: Path, report: Path) -> None:
    """Takes the figures of a report into metrics.json and README.md of a finished model; its task is the folder's labels."""
    metrics, chosen = (json.loads((out / name).read_text()) for name in ('metrics.json', 'thresholds.json'))
    task = next(task for task in TASKS.values() if task.main_label in chosen)
    metrics['evaluations'] = [{k: v for k, v in e.items() if k in ('set', 'model', 'threshold', 'rows', 'positives', 'metrics', 'intervals', 'calibration', 'hazards', 'policy')} for e in json.loads(report.read_text())['evaluations'] if e['target'] == task.main_label]
    (out / 'metrics.json').write_text(json.dumps(metrics, indent=1) + '\n')
    write_card(task, metrics, chosen, out)
    write_checksums(out)
