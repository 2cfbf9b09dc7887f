// Starts Swagger UI with the settings of FastAPI's page. The addresses come from the page, since the server
// may stand below a prefix; no script stands in the page itself, so its policy can refuse all inline script.
"use strict";

(function () {
  const place = document.getElementById("swagger-ui");

  window.ui = SwaggerUIBundle({
    url: place.dataset.openapi,
    domNode: place,
    layout: "BaseLayout",
    deepLinking: true,
    showExtensions: true,
    showCommonExtensions: true,
    oauth2RedirectUrl: window.location.origin + place.dataset.oauth2Redirect,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
    // The default asks a foreign host whether the description is valid.
    validatorUrl: null,
  });
})();
