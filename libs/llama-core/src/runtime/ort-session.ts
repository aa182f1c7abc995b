import { InferenceSession, Tensor } from 'onnxruntime-node';
import { LlamaCoreError } from '../errors.js';

export type Feeds = Record<string, Tensor>;
export type Fetches = Record<string, Tensor>;
export type { Tensor };

export const float32Tensor = (data: Float32Array, shape: readonly number[]): Tensor => new Tensor('float32', data, shape);
export const int32Tensor = (values: readonly number[], shape: readonly number[]): Tensor => new Tensor('int32', Int32Array.from(values), shape);
export const int64Tensor = (values: readonly number[], shape: readonly number[]): Tensor => new Tensor('int64', BigInt64Array.from(values, BigInt), shape);

/** float32 values of a tensor, without a copy. */
export const floatsOf = (tensor: Tensor | undefined): Float32Array => {
  if (!(tensor?.data instanceof Float32Array)) throw new LlamaCoreError('worker_crashed', `Expected a float32 output, got ${tensor?.type ?? 'none'}.`);
  return tensor.data;
};

/** `spinning`: waiting threads keep their core. It saves a decoder the wake-ups between its many small operators, and costs everything else that runs beside it. */
export interface SessionThreads {
  threads: number;
  spinning: boolean;
}

/** One ONNX graph on the CPU. `run` blocks the calling thread, so it belongs into a worker. */
export class OrtSession {
  private constructor(private readonly session: InferenceSession) {}

  static async open(file: string, { threads, spinning }: SessionThreads): Promise<OrtSession> {
    const options: InferenceSession.SessionOptions = {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
    };
    return new OrtSession(await InferenceSession.create(file, options));
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  /** Computes and returns the outputs named; the binding copies each of them. */
  run(feeds: Feeds, outputs: readonly string[]): Promise<Fetches> {
    return this.session.run(feeds, outputs) as Promise<Fetches>;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
