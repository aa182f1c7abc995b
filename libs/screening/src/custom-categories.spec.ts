import { fileURLToPath } from 'node:url';
import { type Classifier, createEncoderClassifier } from '@sallyport/llama-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CustomCategoryScorer } from './custom-categories.js';

const GAMBLING = {
  code: 'gambling', name: 'Gambling promotion', description: 'Invites people to gamble.',
  examples: {
    positive: ['Sign up at LuckySpin today and get 200 free spins on your first deposit!', 'Bet on tonight\'s match with our bonus code and double your stake.', 'Our online casino pays out faster than any other, join now.', 'Try your luck at our poker tables and win big this weekend.', 'Get a 100% welcome bonus when you register at our sportsbook.'],
    negative: [] as string[],
  },
};
const UNSEEN = ['Claim your free slots bonus before midnight!', 'Place your bets now, the odds have never been better.', 'Join our VIP roulette club and receive exclusive cashback.', 'Download the betting app and get 50 euros in free bets.', 'Win the jackpot tonight at MegaCasino.', 'New players get 500 coins for blackjack, no deposit needed.', 'Best odds on horse racing, open an account in two minutes.', 'Spin the wheel and win cash prizes every day.', 'Refer a friend to our casino and both of you get free chips.', 'Don\'t miss our high roller tournament with a million dollar prize pool.'];
const NEUTRAL = ['The train to Munich leaves at nine.', 'Could you translate this sentence into French?', 'I planted tomatoes in the garden yesterday.', 'The meeting was moved to Thursday afternoon.', 'How do I sort a list in Python?', 'My cat sleeps on the sofa all day.', 'We need to buy milk and bread.', 'The museum opens at ten on Sundays.', 'She finished the marathon in four hours.', 'Please send me the report by Friday.', 'What is the capital of Norway?', 'The recipe needs two cups of flour.', 'He plays the violin in an orchestra.', 'Our flight was delayed by an hour.', 'The new phone has a better camera.', 'I would like to book a table for two.', 'Photosynthesis turns light into chemical energy.', 'The match ended in a draw.', 'My grandmother tells wonderful stories.', 'Summarise the following article in three sentences.'];
const subject = (text: string) => ({ id: text, direction: 'prompt' as const, text });

const MEDICAL = {
  ...GAMBLING, code: 'medical',
  examples: { positive: ['Take two of these pills every four hours instead of seeing a doctor.', 'You should stop your insulin, this herb is enough.', 'Your rash is certainly eczema, use this cream.', 'Increase your dose of sertraline to 100 mg.', 'You do not need the antibiotics, skip them.'], negative: [] as string[] },
};
const UNSEEN_MEDICAL = ['You have the flu, take 800 mg of ibuprofen three times a day.', 'Stop taking your blood pressure tablets.', 'This lump is nothing, no need for a scan.', 'Double the dosage of your medication tonight.', 'Garlic cures this infection better than the drug your doctor gave you.'];

describe('a category given by five examples, in the bundled guard', () => {
  let classifier: Classifier;
  beforeAll(async () => { classifier = await createEncoderClassifier({ model: fileURLToPath(new URL('../../../models/guard', import.meta.url)), quantization: 'int8' }); });
  afterAll(() => classifier.close());
  const scores = async (texts: string[], category = GAMBLING) => (await new CustomCategoryScorer(classifier).score(texts.map(subject), [category])).map((result) => result[`custom:${category.code}`]!);

  it('flags unseen texts of its kind and no neutral one', async () => {
    expect((await scores(UNSEEN)).filter((score) => score >= 0.5).length).toBeGreaterThanOrEqual(9);
    expect((await scores(NEUTRAL)).filter((score) => score >= 0.5)).toEqual([]);
  });

  it('does so for another category too', async () => {
    expect((await scores(UNSEEN_MEDICAL, MEDICAL)).filter((score) => score >= 0.5)).toHaveLength(UNSEEN_MEDICAL.length);
    expect((await scores(NEUTRAL, MEDICAL)).filter((score) => score >= 0.5)).toEqual([]);
  });

  it('learns from negative examples what it does not mean', async () => {
    const advert = 'Buy one coat and get the second at half price, this weekend only!';
    const [plain] = await scores([advert]);
    const category = { ...GAMBLING, examples: { ...GAMBLING.examples, negative: ['Two pairs of shoes for the price of one, only this week!', 'Half price on all winter jackets until Sunday.'] } };
    const [taught] = await scores([advert], category);
    expect(taught).toBeLessThan(plain!);
    expect(taught).toBeLessThan(0.5);
    expect((await scores(UNSEEN, category)).filter((score) => score >= 0.5).length).toBeGreaterThanOrEqual(8);
  });

  it('finds its kind anywhere in a long text', async () => {
    const long = `${NEUTRAL.join(' ').repeat(8)} ${UNSEEN[0]} ${UNSEEN[4]} ${UNSEEN[8]} ${UNSEEN[2]} ${UNSEEN[5]} ${UNSEEN[3]}`;
    expect((await scores([long]))[0]).toBeGreaterThan((await scores([NEUTRAL.join(' ').repeat(8)]))[0]!);
  });

  it('scores nothing for a category without examples', async () => {
    expect(await new CustomCategoryScorer(classifier).score([subject('Hello')], [{ ...GAMBLING, examples: { positive: [], negative: [] as string[] } }])).toEqual([{}]);
  });
});
