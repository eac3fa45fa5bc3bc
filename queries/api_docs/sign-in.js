// Signs in with the authorization code flow and PKCE: the page holds no secret. The token is kept for this tab only.

const SETTINGS = document.body.dataset;
const SESSION = `sign-in ${SETTINGS.clientId}`;
const PENDING = `${SESSION} pending`;
const SCOPES = "openid customers/read customers/write";

// The page's own address without parameters, which the user pool knows as callback.
export function here() {
  return location.origin + location.pathname.replace(/\/$/, "");
}

// {token, name, until} of the person who is signed in, or null. `until` is in milliseconds since the epoch.
export function session() {
  const kept = stored(SESSION);
  return kept && kept.until > Date.now() ? kept : null;
}

export async function signIn() {
  const pending = {state: random(), verifier: random()};
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  const question = new URLSearchParams({
    response_type: "code", client_id: SETTINGS.clientId, redirect_uri: here(), scope: SCOPES,
    state: pending.state, code_challenge: encoded(new Uint8Array(digest)), code_challenge_method: "S256",
  });
  location.assign(`${new URL(SETTINGS.authorize, location.href)}?${question}`);
}

// Forgets the token, and has the sign-in page forget the browser, so that the next person is asked for a password.
export function signOut() {
  sessionStorage.removeItem(SESSION);
  const question = new URLSearchParams({client_id: SETTINGS.clientId, logout_uri: here()});
  location.assign(`${new URL(SETTINGS.logout, location.href)}?${question}`);
}

// Finishes the sign-in that the address reports, if it does. Returns what went wrong, or an empty text.
export async function finish() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state")) return "";
  const pending = stored(PENDING);
  sessionStorage.removeItem(PENDING);
  // The code must not stay in the address or in the browser's history.
  history.replaceState(null, "", here());
  if (!pending || answer.get("state") !== pending.state) return "This tab did not start that sign-in. Choose \"Sign in\".";
  if (!answer.get("code")) return `Not signed in: ${answer.get("error_description") || answer.get("error") || "no code came back"}.`;
  return redeem(answer.get("code"), pending.verifier);
}

async function redeem(code, verifier) {
  const form = {grant_type: "authorization_code", client_id: SETTINGS.clientId, redirect_uri: here(), code, code_verifier: verifier};
  const answer = await fetch(new URL(SETTINGS.token, location.href), {method: "POST", body: new URLSearchParams(form)});
  if (!answer.ok) return `Not signed in: the token endpoint answered ${answer.status}. Choose "Sign in" once more.`;
  const tokens = await answer.json();
  const kept = {token: tokens.access_token, name: nameIn(tokens.id_token), until: Date.now() + 1000 * tokens.expires_in};
  sessionStorage.setItem(SESSION, JSON.stringify(kept));
  return "";
}

function nameIn(token) {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return claims.email || claims["cognito:username"] || "";
  } catch {
    return "";
  }
}

function stored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function random() {
  return encoded(crypto.getRandomValues(new Uint8Array(48)));
}

function encoded(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
