import { startAudits } from './audits.js';
import { api, element, failureText, getJson } from './api.js';

const form = document.querySelector('#chat');
const answer = document.querySelector('#answer');
const report = document.querySelector('#report');
let categories = [];

/** Data of each server-sent event until `[DONE]`. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const frames = (rest + value).split('\n\n');
    rest = frames.pop();
    for (const frame of frames) {
      const data = frame.replace(/^data: /m, '');
      if (data === '[DONE]') return;
      yield JSON.parse(data);
    }
  }
}

async function send(event) {
  event.preventDefault();
  const { model, content } = Object.fromEntries(new FormData(form));
  answer.textContent = '';
  report.hidden = true;
  form.querySelector('[type=submit]').disabled = true;
  try {
    const response = await api('v1/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] }) });
    if (!response.ok) throw new Error(await failureText(response));
    for await (const chunk of events(response)) show(chunk);
  } catch (error) {
    answer.append(element('p', { class: 'error' }, error.message));
  } finally {
    form.querySelector('[type=submit]').disabled = false;
  }
}

function show(chunk) {
  if (chunk.error) throw new Error(`${chunk.error.message} (${chunk.error.code})`);
  const delta = chunk.choices[0]?.delta ?? {};
  if (delta.refusal && answer.textContent) answer.append(element('p', {}, '— withheld from here —'));
  answer.append(delta.content ?? delta.refusal ?? '');
  if (chunk.sallyport) showReport(chunk.sallyport);
}

/** Verdict, reasons and the highest scores against their thresholds. */
function showReport({ decision, policy, harm, attack, categories: scores, reasons, coverage, models, times }) {
  const thresholds = Object.fromEntries(categories.map(({ code, threshold }) => [code, threshold]));
  const names = Object.fromEntries(categories.map(({ code, name }) => [code, name]));
  const top = Object.entries({ harm, attack, ...scores }).filter(([, score]) => score !== null).sort((a, b) => b[1] - a[1]).slice(0, 6);
  report.replaceChildren(
    element('p', {}, element('span', { class: `verdict ${decision}` }, decision), ` by ${policy}`),
    element('ul', {}, ...reasons.map(({ rule, screen, subject, score }) => element('li', {}, `${names[rule] ?? rule} in ${subject}, by ${screen}${score === undefined ? '' : ` (${score.toFixed(2)})`}`))),
    ...top.map(([code, score]) => meter(names[code] ?? code, score, thresholds[code] ?? 1)),
    element('p', {}, `Read ${coverage.tokens_screened} of ${coverage.tokens} tokens; not screened: ${coverage.unscreened.join(', ') || 'nothing'}. Screening ${times.screen_inference_ms} ms, generation ${times.generate_inference_ms} ms. ${models.join(', ')}`),
  );
  report.hidden = false;
}

function meter(name, score, threshold) {
  const bar = element('i', score >= threshold ? { class: 'over' } : {});
  bar.style.width = `${score * 100}%`;
  return element('div', { class: 'meter' }, element('span', {}, name), element('div', { title: `threshold ${threshold}` }, bar), element('span', {}, score.toFixed(3)));
}

async function showModels() {
  const { data } = await getJson('v1/models');
  form.elements.model.replaceChildren(...data.filter((model) => model.sallyport.kind === 'generator').map(({ id }) => element('option', {}, id)));
}

async function showPolicy() {
  const { data: [policy] } = await getJson('v1/policies');
  ({ data: categories } = await getJson(`v1/policies/${policy.id}/categories`));
  document.querySelector('#policy-name').textContent = `${policy.id}@${policy.active}`;
  document.querySelector('#categories').replaceChildren(
    ...categories.map(({ code, name, description, enabled, threshold, action }) => element('tr', { title: description }, element('td', {}, code), element('td', {}, name), element('td', {}, enabled ? threshold : 'off'), element('td', {}, enabled ? action : '–'))),
  );
}

async function showHealth() {
  const health = document.querySelector('#health');
  try {
    const { checks } = await (await api('health/ready')).json();
    health.textContent = Object.entries(checks).map(([name, state]) => `${name} ${state}`).join(' · ');
  } catch {
    health.textContent = 'the server does not answer';
  }
}

async function load() {
  for (const part of [showModels, showPolicy]) await part().catch((error) => answer.replaceChildren(element('p', { class: 'error' }, error.message)));
}

form.addEventListener('submit', send);
document.querySelector('#key').addEventListener('change', load);
for (const button of document.querySelectorAll('[data-example]')) button.addEventListener('click', () => { form.elements.content.value = button.dataset.example; });
startAudits();
await load();
await showHealth();
setInterval(showHealth, 10_000);
