import { LlamaCoreError } from '../../errors.js';

/** The part of node-llama-cpp (version 3) that is used; the package itself is optional and brings its own, larger types. */
export interface NodeLlamaCpp {
  getLlama(options: { gpu?: false | 'auto'; build?: 'never'; skipDownload?: boolean; logLevel?: string }): Promise<Llama>;
}

export interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
  dispose(): Promise<void>;
}

export interface LlamaModel {
  createContext(options: { threads?: number; sequences: number; contextSize: number; batchSize: number }): Promise<{ getSequence(): LlamaSequence }>;
}

export interface LlamaSequence {
  readonly nextTokenIndex: number;
  eraseContextTokenRanges(ranges: Array<{ start: number; end: number }>): Promise<void>;
  clearHistory(): Promise<void>;
  controlledEvaluate(input: Array<number | [token: number, options: { generateNext: Question }]>): Promise<Array<{ next: Next } | undefined>>;
}

/** What is wanted after a token. A temperature of 0 leaves the logits as the model gave them. */
export interface Question {
  token?: true;
  logits?: true | { filter: { tokens: readonly number[]; includeTop: number } };
  totalLogitWeight?: true;
  options: { temperature: 0 };
}

export interface Next {
  token?: number | null;
  /** Most likely first. */
  logits?: Map<number, number>;
  /** Sum of exp(logit − largest logit) over the vocabulary. */
  totalLogitWeight?: number;
}

/** The optional package, by a name that the compiler does not look up. @throws LlamaCoreError `missing_dependency` that says how to install it. */
export async function importNodeLlamaCpp(name = 'node-llama-cpp'): Promise<NodeLlamaCpp> {
  try {
    return (await import(name)) as NodeLlamaCpp;
  } catch (cause) {
    throw new LlamaCoreError('missing_dependency', 'The llama.cpp engine needs the package node-llama-cpp, which is not installed: run `npm install node-llama-cpp@3` (about 725 MB with all its platforms).', { param: name, cause });
  }
}
