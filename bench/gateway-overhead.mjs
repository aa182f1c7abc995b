// What the gateway adds: the same request against a stub upstream, straight and through the gateway (prompt and answer screened by the bundled guards).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../tools/bootstrap.mjs';
import { importPeer } from './engines.mjs';

const DURATION_S = 10;
const CONNECTIONS = [1, 8];
const ANSWER = 'Bread rises because yeast makes gas. The gas stretches the dough.';

/** Streams one answer to whoever asks, or sends it whole where no stream was asked for. */
async function startStub() {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      if (!JSON.parse(body).stream) return response.setHeader('content-type', 'application/json').end(JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }] }));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const choice of [{ delta: { content: ANSWER } }, { delta: {}, finish_reason: 'stop' }]) response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`);
      response.end('data: [DONE]\n\n');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/v1` };
}

async function startGateway(upstream, env) {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn(process.execPath, [join(root, 'cli', 'bin', 'sallyport.mjs'), 'start', '--port', String(port), '--home', home, '--generator', `openai:${upstream}#stub`], { env: { ...process.env, LOG_LEVEL: 'warn', ...env }, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let waited = 0; waited < 600; waited += 1) {
    if ((await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const close = async () => {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    rmSync(home, { recursive: true, force: true });
  };
  return { url: `${url}/v1`, close };
}

export async function gateway() {
  const { default: autocannon } = await importPeer('autocannon/autocannon.js');
  const stub = await startStub();
  let number = 0;
  const fresh = () => `Why does bread number ${number++} rise?`;
  const load = async (url, connections, question = fresh) => {
    const body = () => JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: question() }] });
    const result = await autocannon({ url: `${url}/chat/completions`, connections, duration: DURATION_S, requests: [{ method: 'POST', headers: { 'content-type': 'application/json' }, setupRequest: (request) => ({ ...request, body: body() }) }] });
    if (result.non2xx + result.errors > 0) throw new Error(`${result.non2xx} refused, ${result.errors} failed requests`);
    return { 'requests/s': Math.round(result.requests.average), 'p50 ms': result.latency.p50, 'p99 ms': result.latency.p99 };
  };
  const rows = [];
  const screened = await startGateway(stub.url, {});
  for (const connections of CONNECTIONS) {
    rows.push({ path: 'stub alone', connections, ...(await load(stub.url, connections)) });
    await load(screened.url, connections);
    rows.push({ path: 'gateway, every check known from before', connections, ...(await load(screened.url, connections, () => 'Why does bread rise?')) });
    rows.push({ path: 'gateway, 2 checks of the prompt and 1 of the answer', connections, ...(await load(screened.url, connections)) });
  }
  await screened.close();
  stub.server.closeAllConnections();
  stub.server.close();
  return rows;
}
