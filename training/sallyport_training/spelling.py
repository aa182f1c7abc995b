"""Misspelt text as people write it to slip past a filter, or by haste; both labels get it, or it would be a sign itself."""
import random
from collections.abc import Callable

LEET = {'a': '4@', 'e': '3', 'i': '1!', 'o': '0', 's': '5$', 't': '7'}
VOWELS = 'aeiou'


def at_letters(text: str, share: float, rng: random.Random, change: Callable[[str], str]) -> str:
    return ''.join(change(c) if c.isalpha() and rng.random() < share else c for c in text)


def leet(text: str, rng: random.Random) -> str:
    return at_letters(text, 0.35, rng, lambda c: rng.choice(LEET[c.lower()]) if c.lower() in LEET else c)


def starred(text: str, rng: random.Random) -> str:
    return ' '.join(w[0] + ''.join('*' if c in VOWELS else c for c in w[1:]) if len(w) > 3 and rng.random() < 0.4 else w for w in text.split(' '))


def dropped(text: str, rng: random.Random) -> str:
    return at_letters(text, 0.08, rng, lambda c: '')


def swapped(text: str, rng: random.Random) -> str:
    words = text.split(' ')
    at = [i for i, w in enumerate(words) if len(w) > 4 and w.isalpha()]
    for i in rng.sample(at, min(len(at), 1 + len(words) // 6)):
        k = rng.randrange(1, len(words[i]) - 2)
        words[i] = words[i][:k] + words[i][k + 1] + words[i][k] + words[i][k + 2:]
    return ' '.join(words)


def spaced(text: str, rng: random.Random) -> str:
    return ' '.join(' '.join(w) if len(w) > 3 and rng.random() < 0.35 else w for w in text.split(' '))


def joined(text: str, rng: random.Random) -> str:
    words = text.split(' ')
    return ''.join(w + ('' if rng.random() < 0.35 else ' ') for w in words).strip()


def stretched(text: str, rng: random.Random) -> str:
    return at_letters(text, 0.05, rng, lambda c: c * rng.randint(2, 4))


def misspell(text: str, rng: random.Random) -> str:
    """One way of misspelling, by chance."""
    return rng.choice([leet, starred, dropped, swapped, spaced, joined, stretched, lambda t, _: t.upper()])(text, rng)


def careless(text: str, rng: random.Random) -> str:
    """Without capitals or full stops, shouted, or misspelt."""
    return rng.choice([str.lower, lambda t: t.lower().replace(',', '').rstrip('.'), lambda t: misspell(t, rng), lambda t: misspell(t.lower(), rng)])(text)
