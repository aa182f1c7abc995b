/**
 * Operating points of the bundled classifiers, chosen on the development sets (models/<name>/README.md shows what each lets pass and stops).
 * `harm` is high because many harmless questions score between 0.5 and 0.9; `hazard` is lower because a single category is rarely high by mistake.
 */
export default { harm: 0.9, hazard: 0.45, attack: 0.7, attackKind: 0.75 };
