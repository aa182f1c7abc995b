import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createLocalEngine } from '../../engine/local-engine.js';
import { describeEngine } from '../../engine/engine-conformance.fixture.js';
import { tinyModel } from '../../engine/tiny-model.fixture.js';
import { DEFAULT_GENERATOR } from '../../hub/catalog.js';
import { loadDecoder, type Quantization } from '../../runtime/load-model.js';
import { type LoadedTokenizer, loadFolderTokenizer, loadGgufTokenizer } from '../../tokenizer/load-tokenizer.js';
import { OpenAiServer } from './openai-server.fixture.js';
import { createRemoteEngine } from './remote-engine.js';

const atRoot = (path: string) => fileURLToPath(new URL(`../../../../../${path}`, import.meta.url));

/** A server on a model of ours, and a remote engine that knows only its address. */
async function openRemote(model: string, quantization: Quantization, tokenizerOf: (metadata: ReadonlyMap<string, unknown> | undefined) => Promise<LoadedTokenizer>) {
  const options = { quantization, cacheFolder: atRoot('.sallyport/graphs'), contextTokens: 1_024 };
  const decoder = await loadDecoder({ path: model, ...options });
  const { tokenizer, template } = await tokenizerOf(decoder.metadata);
  const served = await createLocalEngine({ model, ...options });
  const server = await OpenAiServer.start({ engine: served, decoder, tokenizer, template: template! });
  const engine = await createRemoteEngine({ baseUrl: server.baseUrl, model: 'tested' });
  const close = async () => {
    await engine.close();
    await server.close();
    await served.close();
    await decoder.runner.close();
  };
  return { engine, encode: (text: string) => tokenizer.encodeText(text), close };
}

describeEngine('a remote engine over HTTP on a tiny model', {
  open: async () => {
    const model = await tinyModel();
    const opened = await openRemote(model, 'none', () => loadFolderTokenizer(model));
    return { ...opened, close: async () => { await opened.close(); await rm(model, { recursive: true }); } };
  },
});

describeEngine('a remote engine over HTTP on SmolLM2', {
  within: 0.05,
  open: () => openRemote(atRoot(`.sallyport/models/${DEFAULT_GENERATOR.id}/${DEFAULT_GENERATOR.file}`), 'int8', (metadata) => loadGgufTokenizer(metadata!)),
});
