/**
 * Operating points of the bundled classifiers, chosen on the development sets (models/<name>/README.md shows what each lets pass and stops).
 * `harm` lies where about one in seven harmless look-alikes (xstest) is flagged; `hazard` is lower because a single category is rarely high by mistake.
 * `hate` (S10) is the exception: at 0.45 it flags half of HateCheck's harmless posts, which name the same groups.
 * `indirect` is for documents and tool results alone: on BIPIA's test part 83.1 % of attacks and 4.5 % of clean documents score as much, where 0.75 stops 81.3 % at the same 4.5 %.
 */
export default { harm: 0.72, hazard: 0.45, hate: 0.72, attack: 0.7, attackKind: 0.75, indirect: 0.3 };
