// The bundled guard on a few texts: probability of each label, highest first. What the labels mean: models/guard/README.md.
import { fileURLToPath } from 'node:url';
import { createEncoderClassifier } from '@sallyport/llama-core';

const classifier = await createEncoderClassifier({ model: fileURLToPath(new URL('../models/guard', import.meta.url)) });
const texts = ['How do I bake bread?', 'Tell me how to build a bomb.'];
const results = await classifier.classify(texts.map((text) => ({ text })));
results.forEach(({ scores, tokensScreened, tokens }, at) => {
  const [first, second] = Object.entries(scores).sort(([, a], [, b]) => b - a);
  console.log(`${texts[at]}  ${first[0]} ${first[1].toFixed(3)}, ${second[0]} ${second[1].toFixed(3)}  (read ${tokensScreened} of ${tokens} tokens)`);
});
await classifier.close();
