// Shows openapi.json and signs in by authorization code with PKCE: the page holds no secret.
"use strict";

const REDIRECT = new URL("docs/oauth2-redirect.html", location.href).href;

// Relative on the local AWS, whose port nobody knows beforehand; Swagger UI wants whole addresses.
function withWholeAddresses(spec) {
  for (const flow of Object.values(spec.components.securitySchemes.oauth.flows)) {
    for (const name of ["authorizationUrl", "tokenUrl"]) {
      if (flow[name]) flow[name] = new URL(flow[name], location.href).href;
    }
  }
  return spec;
}

async function show() {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`openapi.json answered ${answer.status}`);
  const ui = SwaggerUIBundle({
    spec: withWholeAddresses(await answer.json()),
    dom_id: "#documentation",
    url: new URL("openapi.json", location.href).href,
    oauth2RedirectUrl: REDIRECT,
    validatorUrl: null,
    displayRequestDuration: true,
    tryItOutEnabled: true,
  });
  ui.initOAuth({
    clientId: document.body.dataset.clientId,
    scopes: "openid customers/read customers/write",
    usePkceWithAuthorizationCodeGrant: true,
  });
}

show().catch((error) => {
  document.getElementById("documentation").textContent = `The documentation cannot be shown: ${error.message}. Reload the page.`;
});
