// Sends a request as the person who is signed in.

import {session} from "./sign-in.js";

// request: {method, url, headers, body}. Rejects if there is no answer at all.
export async function send(request) {
  const began = performance.now();
  const answer = await fetch(request.url, {method: request.method, headers: allHeaders(request, session()?.token), body: request.body});
  const text = await answer.text();
  const json = parsed(text);
  const isProblem = (answer.headers.get("Content-Type") ?? "").startsWith("application/problem+json");
  return {
    status: answer.status,
    reason: answer.statusText,
    milliseconds: Math.round(performance.now() - began),
    headers: [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n"),
    header: (name) => answer.headers.get(name),
    json,
    text: json === undefined ? text : JSON.stringify(json, null, 2),
    problem: isProblem && json?.type?.startsWith("/docs/problems/") ? json.type : "",
  };
}

// The same request for a shell. The token stays out of it: make -s token, or docs/how-to/get-a-token.md.
export function curl(request) {
  const headers = Object.entries(allHeaders(request, "$TOKEN")).map(([name, value]) => `-H ${quoted(`${name}: ${value}`, name === "Authorization")}`);
  const body = request.body === undefined ? [] : [`-d ${quoted(request.body)}`];
  return [`curl --noproxy '*' -si -X ${request.method} ${quoted(String(request.url))}`, ...headers, ...body].join(" \\\n    ");
}

function allHeaders(request, token) {
  return {
    ...request.headers,
    ...(request.body === undefined ? {} : {"Content-Type": "application/json"}),
    ...(token ? {Authorization: `Bearer ${token}`} : {}),
  };
}

function quoted(text, expands = false) {
  return expands ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
