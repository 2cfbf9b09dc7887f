// Starts ReDoc on the description that the page names.
"use strict";

(function () {
  const place = document.getElementById("redoc");

  Redoc.init(place.dataset.openapi, {}, place);
})();
