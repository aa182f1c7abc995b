// What reading views costs in false positives and brings in recall, on labelled rows: `node bench/views.mjs <folder of *.jsonl or *.jsonl.gz> [out.json]`.
// A text without views is scored the same either way, so only texts with views are read.
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

async function open(screen, toInput) {
  const model = join(root, 'models', screen);
  const viewsOf = modelViews((await loadFolderTokenizer(model)).tokenizer);
  const classifier = await createEncoderClassifier({ model, quantization: 'int8', cacheFolder: join(root, '.sallyport', 'graphs') });
  return { viewsOf, screen: new ClassifierScreen(classifier, { screen, name: screen, viewsOf }, toInput) };
}

function rowsOf(file) {
  const bytes = readFileSync(join(folder, file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line)).filter((row) => typeof row.text === 'string' && (row.task === 'injection' || row.task === 'content'));
}

/** The text as it stands: scores without what views raised. */
const asItStands = ({ views = {}, ...scores }) => ({ ...scores, scores: { ...scores.scores, ...Object.fromEntries(Object.entries(views).map(([label, { plain }]) => [label, plain])) } });

async function measure(file, screens) {
  const tally = { set: file.replace(/\.jsonl(\.gz)?$/, ''), benign: 0, benignWithViews: 0, falsePositivesAdded: 0, harmful: 0, harmfulWithViews: 0, caughtMore: 0, firedViews: {} };
  for (const row of rowsOf(file)) {
    tally[row.label === 0 ? 'benign' : 'harmful'] += 1;
    const { screen, viewsOf } = screens[row.task];
    if ((await viewsOf(row.text)).length === 0) continue;
    const { results } = await screen.screen({ subjects: [{ id: 'row', direction: DIRECTIONS[row.role] ?? 'prompt', text: row.text }] });
    count(tally, row, results[0]);
  }
  return tally;
}

function count(tally, row, scores) {
  const [plain, all] = [judge(asItStands(scores), policy), judge(scores, policy)];
  if (all.status !== 'scored') throw new Error(`${tally.set}: a row could not be scored`);
  const [kind, more] = row.label === 0 ? ['benign', 'falsePositivesAdded'] : ['harmful', 'caughtMore'];
  tally[`${kind}WithViews`] += 1;
  if (plain.flagged || !all.flagged) return;
  tally[more] += 1;
  const name = `${kind}: ${Object.values(all.categories).find((category) => category.view).view}`;
  tally.firedViews[name] = (tally.firedViews[name] ?? 0) + 1;
}

const screens = { injection: await open('prompt-guard', textAlone), content: await open('guard', withQuestion) };
const sets = [];
for (const file of readdirSync(folder).filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort()) {
  const tally = await measure(file, screens);
  if (tally.benign + tally.harmful > 0) sets.push(tally);
}
await Promise.all(Object.values(screens).map(({ screen }) => screen.close()));
const percent = (part, of) => (of === 0 ? '–' : `${((100 * part) / of).toFixed(2)} %`);
console.table(sets.map((set) => ({ set: set.set, benign: set.benign, 'with views': set.benignWithViews, 'false positives added': percent(set.falsePositivesAdded, set.benign), harmful: set.harmful, 'with views ': set.harmfulWithViews, 'caught more': percent(set.caughtMore, set.harmful), by: Object.entries(set.firedViews).map(([name, n]) => `${name} ${n}`).join(', ') })));
if (out) writeFileSync(out, `${JSON.stringify(sets, null, 1)}\n`);
