import type { ScreenScores, ViewScore } from '@sallyport/contracts';

/** The severest scores of two checks of one text, and the coverage of the longer text; one failed check leaves the text indeterminate. */
export function mergeScores(earlier: ScreenScores, later: ScreenScores): ScreenScores {
  const failed = [earlier, later].find((result) => result.status === 'indeterminate');
  const longer = later.coverage.tokens >= earlier.coverage.tokens ? later : earlier;
  const labels = [...new Set([...Object.keys(earlier.scores), ...Object.keys(later.scores)])];
  const { views: _views, ...head } = failed ?? longer;
  const views = labels.flatMap((label) => raised(label, earlier, later));
  return {
    ...head,
    scores: Object.fromEntries(labels.map((label) => [label, Math.max(earlier.scores[label] ?? 0, later.scores[label] ?? 0)])),
    ...(views.length > 0 ? { views: Object.fromEntries(views) } : {}),
    coverage: longer.coverage,
    queueMs: Math.max(earlier.queueMs, later.queueMs),
    inferenceMs: earlier.inferenceMs + later.inferenceMs,
  };
}

/** The view behind a label's score, unless the other check gave that score to the text as it stands. */
function raised(label: string, earlier: ScreenScores, later: ScreenScores): Array<[string, ViewScore]> {
  const scoreIn = (result: ScreenScores) => result.scores[label] ?? 0;
  const plain = Math.max(...[earlier, later].map((result) => result.views?.[label]?.plain ?? scoreIn(result)));
  const highest = scoreIn(later) > scoreIn(earlier) ? later : earlier;
  const own = highest.views?.[label];
  return own && scoreIn(highest) > plain ? [[label, { view: own.view, plain }]] : [];
}
