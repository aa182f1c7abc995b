import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DEFAULT_GENERATOR } from '../hub/catalog.js';
import { loadFolderTokenizer, loadGgufTokenizer } from '../tokenizer/load-tokenizer.js';
import { openGguf } from '../weights/gguf.js';
import { createLocalEngine } from './local-engine.js';
import { describeEngine } from './engine-conformance.fixture.js';
import { tinyModel } from './tiny-model.fixture.js';

const atRoot = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
/** The kernels for 8-bit products: with AVX-512 VNNI one row and several lie within 0.05; without, 0.054 apart was measured. */
const fastInt8 = (await readFile('/proc/cpuinfo', 'utf8').catch(() => '')).includes('avx512_vnni');

describeEngine('the local engine on a tiny model', {
  open: async () => {
    const model = await tinyModel();
    const engine = await createLocalEngine({ model, contextTokens: 1_024 });
    const { tokenizer } = await loadFolderTokenizer(model);
    return { engine, encode: (text) => tokenizer.encodeText(text), close: async () => { await engine.close(); await rm(model, { recursive: true }); } };
  },
});

describeEngine('the local engine on SmolLM2', {
  within: fastInt8 ? 0.05 : 0.08,
  open: async () => {
    const model = atRoot(`.sallyport/models/${DEFAULT_GENERATOR.id}/${DEFAULT_GENERATOR.file}`);
    const engine = await createLocalEngine({ model, quantization: 'int8', cacheFolder: atRoot('.sallyport/graphs'), contextTokens: 1_024 });
    const file = await openGguf(model);
    await file.close();
    const { tokenizer } = await loadGgufTokenizer(file.metadata);
    return { engine, encode: (text) => tokenizer.encodeText(text), close: () => engine.close() };
  },
});
