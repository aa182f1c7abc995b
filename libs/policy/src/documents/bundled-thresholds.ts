/**
 * Operating points of the bundled classifiers, chosen on the development sets (models/<name>/README.md shows what each lets pass and stops).
 * `harm` lies where about one in seven harmless look-alikes (xstest) is flagged; `hazard` is lower because a single category is rarely high by mistake.
 */
export default { harm: 0.72, hazard: 0.45, attack: 0.7, attackKind: 0.75 };
