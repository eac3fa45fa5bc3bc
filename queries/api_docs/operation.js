// One operation of the API: what it does, a form to try it, and what it may answer.

import {block, element, sentence, table} from "./elements.js";
import {curl, send} from "./request.js";

// operationId -> its form. An answer fills in the fields of the operations that its links name.
const FORMS = {};

export function operation(described, server) {
  const answer = element("div", {role: "status"});
  const form = requestForm(described, server, answer);
  FORMS[described.operationId] = form;
  const scopes = [...new Set((described.security ?? []).flatMap((each) => Object.values(each).flat()))];
  return element("details", {id: described.operationId, class: "operation"},
    element("summary", {}, element("span", {class: "method"}, described.method), element("code", {}, described.path), ` ${described.summary}`),
    element("p", {}, ...sentence(described.description)),
    scopes.length ? element("p", {class: "hint"}, "Scope: ", ...scopes.map((scope) => element("code", {}, scope))) : undefined,
    form, answer, ...fieldsOf(described), possibleAnswers(described));
}

function requestForm(described, server, answer) {
  const form = element("form", {"aria-label": described.summary});
  const parameters = described.parameters ?? [];
  const headers = parameters.filter((each) => each.in === "header");
  form.append(...parameters.filter((each) => each.in !== "header").flatMap((each) => field(described, each)));
  const media = described.requestBody?.content?.["application/json"];
  if (media) {
    const id = `${described.operationId}-body`;
    const example = media.schema.examples?.[0] ?? {};
    form.append(element("label", {for: id}, "Body"), element("textarea", {id, name: "body", spellcheck: "false"}, JSON.stringify(example, null, 2)));
  }
  if (headers.length) {
    form.append(element("details", {}, element("summary", {}, "Headers"), ...headers.flatMap((each) => field(described, each))));
  }
  form.append(element("button", {type: "submit"}, "Send"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    carryOut(described, server, form, answer);
  });
  return form;
}

function field(described, parameter) {
  const id = `${described.operationId}-${parameter.name}`;
  const example = parameter.schema?.examples?.[0] ?? parameter.schema?.default;
  return [
    element("label", {for: id}, parameter.name, parameter.required ? " (required)" : ""),
    element("input", {id, name: `${parameter.in}.${parameter.name}`, required: Boolean(parameter.required), autocomplete: "off",
      "aria-describedby": `${id}-hint`}),
    element("p", {id: `${id}-hint`, class: "hint"}, ...sentence(parameter.description),
      ...(example === undefined ? [] : [" Example: ", element("code", {}, String(example))])),
  ];
}

async function carryOut(described, server, form, answer) {
  const button = form.querySelector("button");
  button.disabled = true;
  answer.replaceChildren("Sending.");
  try {
    const request = requestOf(described, server, form);
    const received = await send(request);
    answer.replaceChildren(...shown(described, server, request, received));
    fillIn(described, received);
  } catch (error) {
    answer.replaceChildren(element("p", {class: "bad"}, `No answer: ${error.message}. Is the API reachable?`));
  } finally {
    button.disabled = false;
  }
}

function requestOf(described, server, form) {
  const values = [...form.elements].filter((each) => each.name && each.value !== "").map((each) => [each.name, each.value]);
  const of = (place) => values.filter(([name]) => name.startsWith(`${place}.`)).map(([name, value]) => [name.slice(place.length + 1), value]);
  const path = of("path").reduce((at, [name, value]) => at.replace(`{${name}}`, encodeURIComponent(value)), described.path);
  const url = new URL(path.slice(1), server);
  url.search = new URLSearchParams(of("query"));
  return {method: described.method, url, headers: Object.fromEntries(of("header")), body: form.elements.body?.value};
}

function shown(described, server, request, received) {
  const kind = received.status < 400 ? "good" : "bad";
  const parts = [
    element("h3", {}, "Answer"),
    element("p", {}, element("span", {class: `status ${kind}`}, `${received.status} ${received.reason}`), ` after ${received.milliseconds} ms`),
  ];
  if (received.status === 401 || received.status === 403) parts.push(element("p", {}, "Choose \"Sign in\" at the top of this page first, as a person who may do this."));
  // The paths of problem types are relative to the API, which may have a stage or a base path before them.
  if (received.problem) parts.push(element("p", {}, element("a", {href: new URL(`.${received.problem}`, server)}, "What this problem means")));
  if (received.text) parts.push(block(`Body of the answer: ${described.summary}`, received.text));
  parts.push(block(`Headers of the answer: ${described.summary}`, received.headers));
  parts.push(element("details", {}, element("summary", {}, "The same with curl"), block(`curl: ${described.summary}`, curl(request))));
  return parts;
}

// Follows the links of an answer: https://spec.openapis.org/oas/v3.1.0#link-object
function fillIn(described, received) {
  const links = Object.values(described.responses[String(received.status)]?.links ?? {});
  for (const link of links) {
    for (const [name, expression] of Object.entries(link.parameters ?? {})) {
      const value = evaluated(expression, received);
      const input = [...(FORMS[link.operationId]?.elements ?? [])].find((each) => each.name === name || each.name.endsWith(`.${name}`));
      if (input && value) input.value = value;
    }
  }
}

function evaluated(expression, received) {
  const [, body, header] = /^\$response\.(?:body#\/(.+)|header\.(.+))$/.exec(expression) ?? [];
  return header ? received.header(header) : body ? received.json?.[body] : undefined;
}

function fieldsOf(described) {
  const schema = described.requestBody?.content?.["application/json"]?.schema;
  if (!schema) return [];
  const rows = Object.entries(schema.properties ?? {}).map(([name, each]) => [
    [element("code", {}, name)], [(schema.required ?? []).includes(name) ? "required" : "optional"], [limits(each)], sentence(each.description ?? ""),
  ]);
  return [element("h3", {}, "Fields of the body"), table(`Fields: ${described.summary}`, ["Field", "Needed", "Accepted", "Meaning"], rows)];
}

function limits(schema) {
  const type = schema.format ?? schema.type;
  return schema.maxLength ? `${type}, ${schema.minLength ?? 0} to ${schema.maxLength} characters` : String(type ?? "");
}

function possibleAnswers(described) {
  const rows = Object.entries(described.responses).map(([status, response]) => [[element("code", {}, status)], sentence(response.description)]);
  return element("details", {}, element("summary", {}, "Possible answers"), table(`Possible answers: ${described.summary}`, ["Status", "Meaning"], rows));
}
