/** What a text is in the conversation; a policy may treat each differently. */
export type Direction = 'prompt' | 'response' | 'document' | 'tool';

export interface HistoryTurn {
  role: 'user' | 'assistant';
  text: string;
}

/** One text to be judged. */
export interface ScreenSubject {
  /** Where the text stands in the request, e.g. `messages.2`, `documents.0`, `choices.0.message.content`. Echoed in the scores. */
  id: string;
  direction: Direction;
  text: string;
  /** Turns before this text, oldest first. A response is judged with the user turn that it answers. */
  history?: HistoryTurn[];
}

/** A category beyond the model's own: a Llama Guard reads the description, an encoder compares with the examples. */
export interface CustomCategoryText {
  /** Lower-case letters, digits and hyphens. */
  code: string;
  name: string;
  description: string;
  examples: { positive: string[]; negative: string[] };
}

export interface ScreenRequest {
  subjects: ScreenSubject[];
  /** Categories to be scored beside the model's own, under labels `custom:<code>`. */
  customCategories?: CustomCategoryText[];
  /** Labels of categories that the policy switches off. A Llama Guard leaves them out of its prompt and gives no score for them. */
  excluded?: string[];
  /** Scores between which a cascade asks its large model. */
  cascade?: { low: number; high: number };
}

/** How much of a text the model really read; honest also where a text was cut. */
export interface Coverage {
  tokens: number;
  tokensScreened: number;
  windows: number;
}

/** Why a check gave no scores. Never treated as safe. */
export type IndeterminateReason = 'timeout' | 'unavailable' | 'error' | 'unparsable' | 'overloaded';

/** Which view of a text gave a label its score: names are those of docs/concepts/text-views.md. */
export interface ViewScore {
  view: string;
  /** Score of the text as it stands. */
  plain: number;
}

/** Raw result of one screen for one subject: scores only. Thresholds belong to the policy, so re-thresholding never re-runs a model. */
export interface ScreenScores {
  subject: string;
  direction: Direction;
  screen: ScreenKind;
  /** Model id with its content hash, e.g. `sallyport-guard-minilm@3f2a…`. */
  model: string;
  status: 'scored' | 'indeterminate';
  reason?: IndeterminateReason;
  /** Label → probability 0–1. Guard: `harm`, `S1`…`S14`, `harassment`, `custom:<code>`. Prompt guard: `attack`, `injection`, `jailbreak`, `indirect`. Empty when indeterminate. */
  scores: Record<string, number>;
  /** Labels whose score is that of a view of the text (base64 decoded, look-alike letters folded …), with what the text as it stands scored. Absent when no view scored higher. */
  views?: Record<string, ViewScore>;
  coverage: Coverage;
  queueMs: number;
  inferenceMs: number;
  /** Which model of a cascade decided; absent where there is one model only. */
  stage?: ScreenStage;
  /** Where the Llama Guard of a cascade decided: what the encoder had scored. */
  encoder?: Record<string, number>;
  /** What ran the model and what it could not tell, e.g. `openai, no log-probabilities`; absent for the bundled encoders. */
  engine?: string;
}

/** The models of a cascade. */
export type ScreenStage = 'encoder' | 'llama-guard';

export type ScreenKind = 'guard' | 'prompt-guard';

export interface ScreenReply {
  results: ScreenScores[];
}

/** What a classifier service says of itself (`GET /v1/models`, `/v1/taxonomies`, health). */
export interface ClassifierDescription {
  id: string;
  screen: ScreenKind;
  labels: string[];
  maxTokens: number;
  sha256: string;
  /** How a growing answer is best given to it: in overlapping pieces (the default), or each time from its beginning, of which it computes only what is new. */
  reads?: 'pieces' | 'whole';
}
