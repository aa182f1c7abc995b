"""The model card, from the figures; prose that figures cannot give stands in authored/cards/<model>.md."""
from pathlib import Path

from .tasks import Task

COLUMNS = ['rows', 'positives', 'auprc', 'auroc', 'f1', 'recall', 'false_positive_rate', 'recall_at_1pct_fp']


def table(sets: dict[str, dict]) -> str:
    head = f'| set | {" | ".join(COLUMNS)} |\n| --- |{" --- |" * len(COLUMNS)}\n'
    return head + ''.join(f'| {name} | {" | ".join(str(row.get(c, "–")) for c in COLUMNS)} |\n' for name, row in sets.items())


def threshold_table(chosen: dict[str, dict]) -> str:
    head = '| label | recommended | 1 % of benign | 5 % of benign |\n| --- | --- | --- | --- |\n'
    return head + ''.join(f'| {label} | {t["recommended"]} | {t["threshold_1pct"]} | {t["threshold_5pct"]} |\n' for label, t in chosen.items())


def write_card(task: Task, metrics: dict, chosen: dict, out: Path) -> None:
    prose = (Path(__file__).parent.parent / 'authored' / 'cards' / f'{task.name}.md').read_text(encoding='utf8')
    figures = (f'## Figures on the development sets\n\nOf `{task.main_label}` at its recommended threshold, int8 weights:\n\n{table(metrics["int8"])}\n'
               f'The same with float32 weights:\n\n{table(metrics["float32"])}\n## Thresholds\n\nOn held-out rows:\n\n{threshold_table(chosen)}')
    (out / 'README.md').write_text(prose.replace('{{figures}}', figures), encoding='utf8')
