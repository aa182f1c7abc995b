export { CHAT_FORMATS, type ChatFormat } from './chat-template/built-in-formats.js';
export { ChatTemplate, type TemplateMessage, type TemplateOptions } from './chat-template/chat-template.js';
export { chooseChatTemplate, detectChatFormat, type TemplateChoice } from './chat-template/choose-template.js';
export { type Classification, type Classifier, type ClassifierInfo, type ClassifierInput, type ClassifyOptions, createEncoderClassifier, type EncoderClassifierOptions } from './engine/classifier.js';
export type {
  Continuation,
  ContinuationScore,
  Engine,
  EngineDescription,
  EngineEvent,
  EngineFeature,
  EngineRequest,
  EngineSession,
  FinishReason,
  Lane,
  Prompt,
  QuestionOptions,
  ResponseFormat,
  ScoreRequest,
  ScoreResult,
  ServiceOptions,
  SessionRequest,
  Token,
  TokenAlternative,
} from './engine/engine.js';
export { createLocalEngine, type LocalEngineOptions } from './engine/local-engine.js';
export { runModel, type RunModelInput, type RunModelOptions, type RunModelOutput } from './engine/run-model.js';
export { createLlamaCppEngine, type LlamaCppEngineOptions } from './engines/llama-cpp/llama-cpp-engine.js';
export { OpenAiClient, type OpenAiClientOptions } from './engines/openai/openai-client.js';
export { createRemoteEngine, type RemoteEngineOptions } from './engines/openai/remote-engine.js';
export { type WireChoice, type WireChunk, type WireToken, wireBytes } from './engines/openai/wire.js';
export { LlamaCoreError, type LlamaCoreErrorCode } from './errors.js';
export { type ListedModel, listModels } from './hub/list-models.js';
export { DEFAULT_GENERATOR, type PullProgress, pullModel, resolveModel } from './hub/pull-model.js';
export { ANNOUNCED_MODELS, type AnnouncedModel, announcedModel, PUBLISHED_MODELS, type PublishedModel } from './model/published-models.js';
export { inspectModel, type ModelReport } from './runtime/inspect-model.js';
export type { MatrixKind, Quantization, QuantizationTuning } from './runtime/load-model.js';
export { type ModelPlan, planAnnounced, planPath, planPublished } from './runtime/plan-model.js';
export type { JsonSchema } from './sampling/constraint/schema-grammar.js';
export { loadFolderTokenizer, loadGgufTokenizer, type LoadedTokenizer } from './tokenizer/load-tokenizer.js';
export type { EncodeOptions } from './tokenizer/plain-encoder.js';
export { type TextPart, Tokenizer } from './tokenizer/tokenizer.js';
export { openGguf } from './weights/gguf.js';
