// Builds elements. Text is always set as text, so nothing that the API answers becomes markup.

// element("p", {class: "hint"}, "Text", another)
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

// A sentence of the OpenAPI document, in which backticks mark code.
export function sentence(text = "") {
  return text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

// A table with a caption for screen readers and a head. Cells are lists of children.
export function table(name, titles, rows) {
  const head = element("tr", {}, ...titles.map((title) => element("th", {scope: "col"}, title)));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((children) => element("td", {}, ...children))));
  return element("table", {"aria-label": name}, element("thead", {}, head), element("tbody", {}, ...body));
}

// Text that may be long: a reader with a keyboard can scroll it.
export function block(name, text) {
  return element("pre", {tabindex: "0", role: "region", "aria-label": name}, text);
}
