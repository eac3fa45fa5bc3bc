// Shows openapi.json and signs in with the authorization code flow and PKCE: the page holds no secret.
"use strict";

const REDIRECT = new URL("docs/oauth2-redirect.html", location.href).href;

// On the local AWS, whose port is not known in advance, the URLs are relative. Swagger UI needs absolute ones.
function withAbsoluteUrls(spec) {
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
    spec: withAbsoluteUrls(await answer.json()),
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
  document.getElementById("documentation").textContent = `The documentation could not be loaded: ${error.message}. Reload the page.`;
});
