import { Inject, Injectable } from '@nestjs/common';
import { type ClassifierDescription, clientToken, type GeneratorDescription, PATTERNS, type PolicyDocument, SallyportError, type ServiceClient } from '@sallyport/contracts';

/** Names under which OpenAI clients ask for moderation; all mean the configured screens. */
export const MODERATION_ALIASES = ['omni-moderation-latest', 'omni-moderation-2024-09-26', 'text-moderation-latest', 'text-moderation-stable', 'text-moderation-007'];

const DESCRIBE_DEADLINE_MS = 3_000;
const KEEP_MS = 10_000;

/** One entry of `GET /v1/models`; `created` is in seconds since 1970. */
export interface ModelEntry {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
  sallyport: { kind: 'generator'; context_tokens: number } | { kind: 'moderation'; screen: string; labels: string[]; sha256: string };
}

/** Asks the services what they run. A service that does not answer is left out of the list. */
@Injectable()
export class ModelsService {
  private classifiers: { found: ClassifierDescription[]; atMs: number } | undefined;

  constructor(
    @Inject(clientToken('generator')) private readonly generator: ServiceClient,
    @Inject(clientToken('guard')) private readonly guard: ServiceClient,
    @Inject(clientToken('prompt-guard')) private readonly promptGuard: ServiceClient,
  ) {}

  async list(): Promise<ModelEntry[]> {
    const [models, classifiers] = await Promise.all([this.generators(), this.moderationModels()]);
    return [...models.map(generatorEntry), ...classifiers.map(classifierEntry)];
  }

  /** Throws `model_not_found` unless the name is an alias or a running moderation model, and `guard_unavailable` when no guard can be asked. */
  async requireModerationModel(name: string, param: string): Promise<void> {
    if (MODERATION_ALIASES.includes(name)) return;
    const found = await this.moderationModels();
    if (found.length === 0) throw new SallyportError('guard_unavailable', 'No moderation service answers now; try again.', { retryAfterS: 2 });
    if (found.some(({ id }) => id === name || id.split('@', 1)[0] === name)) return;
    throw new SallyportError('model_not_found', `There is no such moderation model; GET /v1/models lists them, and ${MODERATION_ALIASES[0]} always works.`, { param });
  }

  /** True when a screen that reads answers under this policy is best asked about the whole answer so far. False also when none can be asked now. */
  async readsWholeAnswers({ screens }: PolicyDocument): Promise<boolean> {
    const found = await this.moderationModels();
    return found.some(({ screen, reads }) => reads === 'whole' && screens[screen].includes('response'));
  }

  private async generators(): Promise<GeneratorDescription[]> {
    return (await describe<{ models: GeneratorDescription[] }>(this.generator))?.models ?? [];
  }

  private async moderationModels(): Promise<ClassifierDescription[]> {
    if (this.classifiers && performance.now() - this.classifiers.atMs < KEEP_MS) return this.classifiers.found;
    const answers = await Promise.all([this.guard, this.promptGuard].map((client) => describe<ClassifierDescription>(client)));
    const found = answers.filter((answer) => answer !== undefined);
    if (found.length === answers.length) this.classifiers = { found, atMs: performance.now() };
    return found;
  }
}

async function describe<Description>(client: ServiceClient): Promise<Description | undefined> {
  try {
    return await client.call<Description>(PATTERNS.describe, {}, { deadlineMs: DESCRIBE_DEADLINE_MS, lane: 'online' });
  } catch {
    return undefined;
  }
}

function generatorEntry(model: GeneratorDescription): ModelEntry {
  return { id: model.id, object: 'model', created: model.created, owned_by: model.ownedBy, sallyport: { kind: 'generator', context_tokens: model.contextTokens } };
}

function classifierEntry(model: ClassifierDescription): ModelEntry {
  return { id: model.id, object: 'model', created: 0, owned_by: 'sallyport', sallyport: { kind: 'moderation', screen: model.screen, labels: model.labels, sha256: model.sha256 } };
}
