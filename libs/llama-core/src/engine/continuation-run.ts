import { logSumExp } from '../sampling/logprobs.js';
import type { ContinuationScore } from './engine.js';

interface Node {
  token: number;
  logprob: number;
  children: Map<number, Node>;
}

const leaf = (token: number): Node => ({ token, logprob: 0, children: new Map() });

/**
 * Scores continuations of one base. They are a tree of tokens: only inner nodes need the model, each once, and the sequence walks from
 * one deepest inner node to the next, going back no further than it must.
 */
export class ContinuationRun {
  /** What the sequence is to consist of now. */
  tokens: number[];
  /** Logits are wanted from this position on. */
  wantFrom: number;
  private readonly root = leaf(-1);
  private readonly paths: Node[][];
  private path: Node[];

  /** `base` has at least one token. */
  constructor(
    private readonly base: readonly number[],
    private readonly continuations: ReadonlyArray<readonly number[]>,
  ) {
    for (const continuation of continuations) this.add(continuation);
    this.paths = deepestPaths(this.root);
    this.path = this.paths.shift()!;
    this.tokens = this.whole();
    this.wantFrom = base.length - 1;
  }

  accept(position: number, logits: Float32Array): void {
    const node = position < this.base.length ? this.root : this.path[position - this.base.length]!;
    const normaliser = logSumExp(logits);
    for (const child of node.children.values()) child.logprob = logits[child.token]! - normaliser;
  }

  /** Goes to the next path; returns how many tokens stay, or undefined when all is known. */
  next(): number | undefined {
    const path = this.paths.shift();
    if (!path) return undefined;
    const common = path.findIndex((node, depth) => node !== this.path[depth]);
    this.path = path;
    this.tokens = this.whole();
    this.wantFrom = this.base.length + common;
    return this.wantFrom;
  }

  scores(): ContinuationScore[] {
    return this.continuations.map((continuation) => {
      let node = this.root;
      const logprobs = continuation.map((token) => {
        node = node.children.get(token)!;
        return node.logprob;
      });
      return { tokenIds: [...continuation], logprobs, logprob: logprobs.reduce((sum, value) => sum + value, 0) };
    });
  }

  private add(continuation: readonly number[]): void {
    let node = this.root;
    for (const token of continuation) {
      const child = node.children.get(token) ?? leaf(token);
      node.children.set(token, child);
      node = child;
    }
  }

  private whole(): number[] {
    return [...this.base, ...this.path.map((node) => node.token)];
  }
}

/** Paths from below the root to every inner node that has no inner node below it, neighbours side by side; at least the empty one. */
function deepestPaths(root: Node): Node[][] {
  const inner = Array.from(root.children.values()).filter((node) => node.children.size > 0);
  return inner.length === 0 ? [[]] : inner.flatMap((node) => deepestPaths(node).map((path) => [node, ...path]));
}
