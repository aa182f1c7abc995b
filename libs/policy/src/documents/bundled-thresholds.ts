/**
 * Operating points of the bundled classifiers. Scores are calibrated probabilities; models/<name>/README.md shows what each point lets pass and stops.
 * Chosen on development sets and checked on 500 ordinary prompts that no run has seen (training/authored/aside/ordinary.jsonl): `harm` and `hazard` together lie where xstest's false alarms are below 15 %, `attack` where notinject's are below 5 %.
 * Of the ordinary prompts 0.6 % reach `harm` or `hazard`, 0.8 % `attack`. `hazard` is a little lower because a single category is rarely high by mistake; at 0.45 it would stop 1 % more of them.
 * A document is longer than a prompt and more in it sounds like an order: `attackInDocument` holds for documents and tool results, where 5 % of bipia's clean ones reach it. `indirect` is for these alone, which have no
 * business to instruct anyone: 7 % of bipia's clean documents reach it, 87 % of its attacks.
 */
export default { harm: 0.75, hazard: 0.65, attack: 0.45, attackInDocument: 0.85, indirect: 0.6 };
