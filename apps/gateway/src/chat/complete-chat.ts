import { Answer } from './answer.js';
import { type ChatRun, generationError } from './chat-run.js';
import type { AsyncQueue } from './async-queue.js';
import type { GenerateEvent } from '@sallyport/contracts';
import { choiceBody, completionBody, withheldChoice } from './completion-body.js';

/** Answers a turn as one JSON body: the prompt's checks and the generation run side by side, then the whole answer is checked. */
export async function completeChat(run: ChatRun) {
  try {
    const events = run.startGeneration();
    if (!(await run.screenPrompt())) return withheldBody(run);
    const answer = await gather(events, run);
    const choices = await Promise.all(answer.choices.map((choice) => screenedChoice(run, choice)));
    return { ...completionBody(run.identity, choices, answer), ...run.report.body(answer.usage) };
  } finally {
    run.abort();
  }
}

function withheldBody(run: ChatRun) {
  const { turn } = run.parts;
  const answer = new Answer(turn.generate.n ?? 1);
  const choices = answer.choices.map((choice) => withheldChoice(choice.index, run.refusal));
  return { ...completionBody(run.identity, choices, answer), ...run.report.body(answer.usage) };
}

async function gather(events: AsyncQueue<GenerateEvent>, run: ChatRun): Promise<Answer> {
  const answer = new Answer(run.parts.turn.generate.n ?? 1);
  try {
    for await (const event of events) answer.add(event);
  } catch (error) {
    throw generationError(error);
  }
  return answer;
}

async function screenedChoice(run: ChatRun, choice: Answer['choices'][number]) {
  const parts = choice.parts();
  const passed = parts.length === 0 || (await run.screenAnswer(parts));
  if (passed) choice.replaceTexts((text) => run.redactAnswer(text));
  return passed ? choiceBody(choice, run.parts.turn.generate.topLogprobs !== undefined) : withheldChoice(choice.index, run.refusal);
}
