// Whether engines give the same answers: speeds of different answers are no comparison.

/** Largest difference of a logit up to which answers are the same: products in 8 bits, as llama-core makes them, move one by 0.25 at most, and the figures of xstest, deepset_test and notinject by 0.003. */
export const SAME = 0.3;

const logit = (score) => Math.log(score / (1 - score));

/** Scores [texts][labels] of each engine, in the order of the engines. */
export async function scoresOf(engines, texts) {
  const all = [];
  for (const { ask } of engines) all.push((await ask({ texts, calls: 1 })).scores);
  return all;
}

/** One row per engine, against the second: PyTorch in float32. */
export function agreementRows(engines, scores) {
  const reference = scores[1].flat().map(logit);
  return engines.map(({ name }, at) => {
    const difference = scores[at].flat().map((score, i) => Math.abs(logit(score) - reference[i])).reduce((a, b) => Math.max(a, b));
    return { engine: name, 'largest difference': Number(difference.toPrecision(2)), same: difference <= SAME };
  });
}
