import { api, element, failureText, getJson } from './api.js';

const POLL_MS = 1_000;
const list = document.querySelector('#audits');

/** Lists the audits and follows those that run. */
export function startAudits() {
  document.querySelector('#audit').addEventListener('submit', upload);
  void refresh();
}

async function upload(event) {
  event.preventDefault();
  const { file } = event.target.elements;
  const response = await api('v1/audits', { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: file.files[0] });
  if (response.ok) event.target.reset();
  else list.prepend(element('p', { class: 'error' }, await failureText(response)));
  await refresh();
}

async function refresh() {
  const { data } = await getJson('v1/audits?limit=10').catch(() => ({ data: [] }));
  list.replaceChildren(...data.map(row));
  if (data.some(({ status }) => status === 'queued' || status === 'running')) setTimeout(refresh, POLL_MS);
}

function row({ id, status, total, done, failed, flagged, rate, eta_s: etaS }) {
  const left = etaS ? `, ${etaS} s left` : '';
  return element(
    'div', {},
    element('p', {}, `${status}: ${done} of ${total} lines, ${flagged} flagged, ${failed} not judged, ${rate.toFixed(0)} lines/s${left} `, element('a', { href: `v1/audits/${id}/results`, download: `${id}.jsonl` }, 'results')),
    element('progress', { max: total || 1, value: done }),
  );
}
