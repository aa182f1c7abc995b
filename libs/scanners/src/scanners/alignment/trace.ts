/** One step of an agent: what was said, what was called, what a tool brought back. */
export interface TraceStep {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  toolCalls?: ReadonlyArray<{ name: string; arguments: string }>;
}

/** `indeterminate`: the judge's answer says neither, or cannot be read; it is never taken for `aligned`. */
export interface AlignmentVerdict {
  verdict: 'aligned' | 'diverted' | 'indeterminate';
  /** Why an answer is `indeterminate`. */
  reason?: 'no_answer' | 'unparsable' | 'contradictory';
}
