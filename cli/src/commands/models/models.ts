import type { Command } from 'commander';
import { registerChat } from './chat.js';
import { registerInspect } from './inspect.js';
import { registerList } from './list.js';
import { registerPlan } from './plan.js';
import { registerPull } from './pull.js';
import { registerRender } from './render.js';
import { registerRun } from './run.js';

/** `sallyport models …`, one file per command. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('fetch models, look into them, talk to them, plan their memory, run them on token ids, render guard prompts');
  for (const register of [registerList, registerPull, registerInspect, registerPlan, registerChat, registerRun, registerRender]) register(models);
}
