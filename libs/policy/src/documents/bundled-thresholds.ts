/**
 * Operating points of the bundled classifiers. Scores are calibrated probabilities; models/<name>/README.md shows what each point lets pass and stops.
 * Chosen for the models before these on 1,400 ordinary prompts that no run had seen (the rest of the benign training sets), and by looking at development sets: `harm` lies where xstest's false
 * alarms are below 15 %, `attack` where notinject's false alarms and deepset's F1 are both better than before, `indirect` between bipia's two errors.
 * Kept since; of 374 prompts that no run has seen (questions to a bank, commands to an assistant) 2.7 % reach `harm`, 0.5 % `attack`. `hazard` is lower because a single category is rarely high by mistake: 1 % of the prompts lay
 * above 0.18 for S2 and above 0.06 for any other.
 * `indirect` is for documents and tool results alone, which have no business to instruct anyone: 7 % of bipia's clean documents reach it, 83 % of its attacks.
 */
export default { harm: 0.65, hazard: 0.45, hate: 0.6, attack: 0.85, attackKind: 0.85, indirect: 0.5 };
