/**
 * Operating points of the bundled classifiers. Scores are calibrated probabilities; models/<name>/README.md shows what each point lets pass and stops.
 * Chosen on development sets and checked on 500 ordinary prompts that no run has seen (training/authored/aside/ordinary.jsonl): `harm` lies where xstest's false alarms are below 15 %, `attack` where notinject's are below 5 %.
 * 0.6 % of the ordinary prompts reach `harm`, 0.8 % `attack`. `hazard` is lower because a single category is rarely high by mistake.
 * A document is longer than a prompt and more in it sounds like an order: `attackInDocument` holds for documents and tool results, where 5 % of bipia's clean ones reach it. `indirect` is for these alone, which have no
 * business to instruct anyone: 7 % of bipia's clean documents reach it, 87 % of its attacks.
 */
export default { harm: 0.75, hazard: 0.45, hate: 0.6, attack: 0.45, attackInDocument: 0.85, indirect: 0.6 };
