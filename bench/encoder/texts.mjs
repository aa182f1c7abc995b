// Texts as a gateway sees them, written for this bench: single short ones, and a batch of mixed lengths.
const SENTENCES = [
  'What is the capital of Peru?', 'How do I kill a hung Node process?', 'Translate the sentence below into Dutch, please.', 'Write a polite reminder for an invoice that is two weeks late.',
  'My landlord keeps the deposit. What are my rights?', 'Which bread can be baked without yeast?', 'Explain recursion to a child of ten.', 'The train was late again and nobody said why.',
  'Thanks, that worked on the first try!', 'Is it safe to take ibuprofen and paracetamol on the same day?', 'Give me three names for a bookshop in a harbour town.', 'Why does my sourdough smell of vinegar?',
  'Summarise the minutes in five points and leave out the small talk at the beginning.', 'He shot the portrait in the evening, against the light.', 'What should I see in Porto in two days with a child who hates museums?',
  'Rewrite this mail so that it sounds less angry, but keep all of the dates.', 'How many people live in Vienna?', 'My cat stares at the wall every night at three. Should I worry?',
  'Compare two ways to insulate an attic.', 'When does the pool open on Sundays?', 'Draft a speech for my sister, who turns forty and loves maps.', 'Convert this table to JSON.',
  'Who wrote The Magic Mountain, and is it worth reading?', 'Please check my essay for commas.', 'How do I get red wine out of a white shirt?', 'Plan a week of dinners without meat.',
  'What does the error "connection reset by peer" mean?', 'I failed my exam for the second time and feel like an idiot.', 'Count the words in this paragraph.', 'Which sports are good for the back when one sits all day?',
  'Name the planets in order of size.', 'Tell me a joke about two owls.',
];

/** About 16 tokens each. */
export const SINGLE = [3, 9, 14, 27].map((at) => SENTENCES[at]);

const LONGEST = 250;

/** So many sentences, fewer where they grow too long. */
const joined = (first, count) => {
  const text = Array.from({ length: count }, (_, next) => SENTENCES[(first + next) % SENTENCES.length]).join(' ');
  return text.length <= LONGEST ? text : joined(first, count - 1);
};

/** 32 texts of one to five sentences, about 10 to 60 tokens, neighbours of unlike length. */
export const BATCH = SENTENCES.map((_, at) => joined(at, 1 + ((at * 2) % 5)));
