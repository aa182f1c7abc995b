/**
 * Operating points of the bundled classifiers. Scores are calibrated probabilities; models/<name>/README.md shows what each point lets pass and stops.
 * Chosen on 1,400 ordinary prompts that no run has seen (the rest of the benign training sets), not on the development sets.
 * `harm` and `hate` (S10) lie at one half, which 3.6 % of those prompts reach; 1 % reach 0.8, where a third of what is harmful passes.
 * `hazard` is lower because a single category is rarely high by mistake: 1 % of the prompts lie above 0.36 for S2 and above 0.17 for any other.
 * `attack` is reached by 1.0 %, its kinds by fewer. `indirect` is for documents and tool results alone, which have no business to instruct anyone.
 */
export default { harm: 0.5, hazard: 0.45, hate: 0.5, attack: 0.8, attackKind: 0.8, indirect: 0.3 };
