// The sign-in page redirects here, in a window that the documentation opened. Pass the code to it and close.
"use strict";

function passCode() {
  const pending = window.opener && window.opener.swaggerUIRedirectOauth2;
  if (!pending) return "Open the documentation and sign in there.";
  const answer = new URLSearchParams(location.search);
  if (answer.get("state") !== pending.state) return "This sign-in was not started by the page that opened it. Sign in again.";
  if (!answer.get("code")) {
    pending.errCb({authId: pending.auth.name, source: "auth", level: "error", message: answer.get("error") || "the sign-in page returned no code"});
  } else {
    pending.auth.code = answer.get("code");
    delete pending.auth.state;
    pending.callback({auth: pending.auth, redirectUrl: pending.redirectUrl});
  }
  window.close();
  return "Signed in. You can close this window.";
}

document.getElementById("state").textContent = passCode();
