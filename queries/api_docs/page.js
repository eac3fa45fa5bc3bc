// Shows openapi.json, and who is signed in.

import {element, sentence} from "./elements.js";
import {operation} from "./operation.js";
import {finish, session, signIn, signOut} from "./sign-in.js";

const METHODS = ["post", "get", "put", "patch", "delete"];
const who = document.getElementById("who");
const button = document.getElementById("sign");

function showWho(problem = "") {
  const kept = session();
  const until = kept && new Date(kept.until).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
  who.textContent = problem || (kept ? `Signed in${kept.name ? ` as ${kept.name}` : ""} until ${until}` : "Not signed in");
  button.textContent = kept ? "Sign out" : "Sign in";
  button.onclick = kept ? signOut : signIn;
  button.hidden = false;
  if (kept) setTimeout(showWho, Math.max(0, kept.until - Date.now()) + 1000, "Your sign-in has expired.");
}

// Every {"$ref": "#/..."} replaced by what it names, with its own members beside it.
function resolved(node, whole, depth = 0) {
  if (Array.isArray(node)) return node.map((each) => resolved(each, whole, depth));
  if (node === null || typeof node !== "object") return node;
  if (typeof node.$ref === "string") {
    const target = node.$ref.slice(2).split("/").reduce((at, name) => at[name], whole);
    const {$ref, ...own} = node;
    return depth > 8 ? {} : {...resolved(target, whole, depth + 1), ...resolved(own, whole, depth)};
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(value, whole, depth)]));
}

async function show() {
  const root = new URL(document.body.dataset.root || ".", location.href);
  const answer = await fetch(new URL("openapi.json", root));
  if (!answer.ok) throw new Error(`openapi.json answered ${answer.status}`);
  const raw = await answer.json();
  const api = resolved(raw, raw);
  document.getElementById("about").append(`Version ${api.info.version}. `, ...sentence(api.info.description));
  const found = Object.entries(api.paths).flatMap(([path, item]) => METHODS.filter((method) => item[method])
    .map((method) => operation({...item[method], method: method.toUpperCase(), path}, new URL(api.servers[0].url, root))));
  document.getElementById("documentation").replaceChildren(element("h2", {}, "Requests"), ...found);
}

async function start() {
  const problem = await finish();
  showWho(problem);
  await show();
  // The link of `make up`: it leads straight to the sign-in page.
  if (location.hash === "#sign-in" && !session()) await signIn();
}

start().catch((error) => {
  document.getElementById("documentation").textContent = `The documentation could not be loaded: ${error.message}. Reload the page.`;
});
