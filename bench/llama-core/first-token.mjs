// A verdict that is one token, after a policy: with the policy's tokens in the prefix cache, and with every policy new.
import { median, openEngine, prompt, rounded, seconds } from '../engines.mjs';

const POLICY_TOKENS = 200;
const MESSAGE_TOKENS = 32;
const VERDICTS = [[6_403], [1_242]];
const FIRST_TOKEN_TARGET = 3;

/** Milliseconds: medians over the rounds, of interleaved verdicts. */
export async function measureFirstToken({ rounds, quick }, verdict) {
  console.log('  first-token verdict …');
  const engine = await openEngine({ prefixCacheBytes: 64 * 2 ** 20 });
  const judge = (policy, message) => engine.score({ prompt: { tokenIds: [...prompt(POLICY_TOKENS, policy), ...prompt(MESSAGE_TOKENS, 1_000 + message)] }, continuations: VERDICTS });
  for (const message of [0, 1]) await judge(1, message);
  const times = { cached: [], uncached: [] };
  const cachedTokens = [];
  for (let round = 2; round < 2 + (quick ? 2 : 4 * rounds); round += 1) {
    times.uncached.push(1_000 * (await seconds(() => judge(round, 2 * round))));
    times.cached.push(1_000 * (await seconds(async () => cachedTokens.push((await judge(1, 2 * round + 1)).cachedTokens))));
  }
  await engine.close();
  const [cached, uncached] = [median(times.cached), median(times.uncached)];
  const ratio = uncached / cached;
  const met = verdict(ratio >= FIRST_TOKEN_TARGET);
  return [{ case: `policy of ${POLICY_TOKENS} tokens, message of ${MESSAGE_TOKENS}`, 'uncached, ms': rounded(uncached, 1), 'cached, ms': rounded(cached, 1), 'tokens taken from the cache': Math.min(...cachedTokens), ratio: rounded(ratio, 2), target: FIRST_TOKEN_TARGET, met }];
}
