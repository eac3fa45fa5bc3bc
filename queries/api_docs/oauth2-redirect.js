// The sign-in page comes back here, in a window that the documentation has opened: hand the code over and close.
"use strict";

function handOver() {
  const pending = window.opener && window.opener.swaggerUIRedirectOauth2;
  if (!pending) return "Open the documentation and sign in there: this page is only its way back.";
  const answer = new URLSearchParams(location.search);
  if (answer.get("state") !== pending.state) return "This sign-in was not begun by the page that opened it: sign in again.";
  if (!answer.get("code")) {
    pending.errCb({authId: pending.auth.name, source: "auth", level: "error", message: answer.get("error") || "no code came back"});
  } else {
    pending.auth.code = answer.get("code");
    delete pending.auth.state;
    pending.callback({auth: pending.auth, redirectUrl: pending.redirectUrl});
  }
  window.close();
  return "Signed in. You can close this window.";
}

document.getElementById("state").textContent = handOver();
