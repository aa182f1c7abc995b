/** Calls the server that this page came from, with the key if one was typed. */
export function api(path, options = {}) {
  const key = document.querySelector('#key').value;
  return fetch(path, { ...options, headers: { ...options.headers, ...(key ? { authorization: `Bearer ${key}` } : {}) } });
}

export async function getJson(path) {
  const response = await api(path);
  if (!response.ok) throw new Error(await failureText(response));
  return response.json();
}

/** The server's own sentence about a failed request. */
export async function failureText(response) {
  const body = await response.json().catch(() => undefined);
  return body?.error ? `${body.error.message} (${body.error.code})` : `The server answered ${response.status}.`;
}

/** A DOM element; children are elements or text, never HTML. */
export function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
