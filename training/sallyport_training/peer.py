"""nanoguard (PyPI `metatronnanoguard`, MIT) on the rows of our tables: a peer that installs without an account."""
import json
from importlib.metadata import version
from pathlib import Path

from .metrics import figures
from .rows import read_set, segments

THRESHOLD = 0.5  # its own default


def measure_peer(data: Path, sets: list[str], out: Path) -> None:
    """Adds its figures to metrics.json of a finished model. Needs `pip install metatronnanoguard==0.1.0`."""
    from nanoguard import NanoGuard
    guard = NanoGuard(device='cpu', threshold=THRESHOLD)
    found = {}
    for name in sets:
        rows = read_set(data, 'dev', name)
        results = [guard.scan(segments(row)[0]) for row in rows]
        milliseconds = sorted(r.inference_ms for r in results)[len(results) // 2]
        found[name] = {**figures([row['label'] for row in rows], [r.injection_score for r in results], THRESHOLD), 'ms_p50': round(milliseconds)}
        print(name, found[name], flush=True)
    metrics = json.loads((out / 'metrics.json').read_text())
    metrics['peers'] = {f'nanoguard {version("metatronnanoguard")}': found}
    (out / 'metrics.json').write_text(json.dumps(metrics, indent=1) + '\n')
