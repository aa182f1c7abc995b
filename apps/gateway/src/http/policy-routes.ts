/** Routes about policies: they take YAML beside JSON. */
export const isPolicyRoute = (url: string): boolean => /^\/v1\/polic(ies|y-assignments)(\/|\?|$)/.test(url);

/** Routes whose body is a policy, not rows to try one on: it is short, and no key of it may stand twice. */
export const holdsPolicy = (url: string): boolean => isPolicyRoute(url) && !/\/dry-run(\?|$)/.test(url);
