// What reading views costs in false positives and brings in recall, on labelled rows: `node bench/views.mjs <folder of *.jsonl or *.jsonl.gz> [out.json]`.
// Rows: {text, task: "injection" | "content", label: 0 | 1, role: "prompt" | "post" | "document" | "tool" | "response"}; others are passed over. Bundled classifiers, default policy.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createEncoderClassifier, loadFolderTokenizer } from '@sallyport/llama-core';
import { DEFAULT_POLICY, judge } from '@sallyport/policy';
import { ClassifierScreen, modelViews, textAlone, withQuestion } from '@sallyport/screening';
import { root } from '../tools/bootstrap.mjs';

const [folder, out] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node bench/views.mjs <folder with labelled .jsonl or .jsonl.gz files> [out.json]');
  process.exit(2);
}
const policy = { id: 'default', version: 1, document: DEFAULT_POLICY };
const DIRECTIONS = { document: 'document', tool: 'tool', response: 'response' };
const BATCH = 16;

async function open(screen, toInput) {
  const model = join(root, 'models', screen);
  const { tokenizer } = await loadFolderTokenizer(model);
  return new ClassifierScreen(await createEncoderClassifier({ model, quantization: 'int8', cacheFolder: join(root, '.sallyport', 'graphs') }), { screen, name: screen, viewsOf: modelViews(tokenizer) }, toInput);
}

function rowsOf(file) {
  const bytes = readFileSync(join(folder, file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line)).filter((row) => typeof row.text === 'string' && (row.task === 'injection' || row.task === 'content'));
}

/** The text as it stands: scores without what views raised. */
const asItStands = ({ views = {}, ...scores }) => ({ ...scores, scores: { ...scores.scores, ...Object.fromEntries(Object.entries(views).map(([label, { plain }]) => [label, plain])) } });

async function measure(file, screens) {
  const tally = { set: file.replace(/\.jsonl(\.gz)?$/, ''), benign: 0, flaggedPlain: 0, flaggedWithViews: 0, harmful: 0, caughtPlain: 0, caughtWithViews: 0, windows: 0, firedViews: {} };
  const rows = rowsOf(file);
  for (let at = 0; at < rows.length; at += BATCH) {
    const part = rows.slice(at, at + BATCH);
    for (const task of ['injection', 'content']) {
      const mine = part.filter((row) => row.task === task);
      if (mine.length === 0) continue;
      const { results } = await screens[task].screen({ subjects: mine.map((row, i) => ({ id: `${i}`, direction: DIRECTIONS[row.role] ?? 'prompt', text: row.text })) });
      for (const [i, scores] of results.entries()) count(tally, mine[i], scores);
    }
  }
  return tally;
}

function count(tally, row, scores) {
  const [plain, all] = [judge(asItStands(scores), policy), judge(scores, policy)];
  if (all.status !== 'scored') throw new Error(`${tally.set}: a row could not be scored`);
  tally.windows += scores.coverage.windows;
  const [kind, before, after] = row.label === 0 ? ['benign', 'flaggedPlain', 'flaggedWithViews'] : ['harmful', 'caughtPlain', 'caughtWithViews'];
  tally[kind] += 1;
  tally[before] += Number(plain.flagged);
  tally[after] += Number(all.flagged);
  if (plain.flagged || !all.flagged) return;
  const { view } = Object.values(all.categories).find((category) => category.view);
  const name = `${kind}: ${view}`;
  tally.firedViews[name] = (tally.firedViews[name] ?? 0) + 1;
}

const screens = { injection: await open('prompt-guard', textAlone), content: await open('guard', withQuestion) };
const sets = [];
for (const file of readdirSync(folder).filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort()) {
  const tally = await measure(file, screens);
  if (tally.benign + tally.harmful > 0) sets.push(tally);
}
await Promise.all(Object.values(screens).map((screen) => screen.close()));
const percent = (part, of) => (of === 0 ? '–' : `${((100 * part) / of).toFixed(2)} %`);
console.table(sets.map((set) => ({ set: set.set, benign: set.benign, 'flagged, plain': percent(set.flaggedPlain, set.benign), 'with views': percent(set.flaggedWithViews, set.benign), harmful: set.harmful, 'caught, plain': percent(set.caughtPlain, set.harmful), 'with views ': percent(set.caughtWithViews, set.harmful), by: Object.entries(set.firedViews).map(([name, n]) => `${name} ${n}`).join(', ') })));
if (out) writeFileSync(out, `${JSON.stringify(sets, null, 1)}\n`);
