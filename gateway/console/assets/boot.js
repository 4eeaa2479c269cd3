// What a page gains where there is JavaScript. Without it, every form and every link works the same.
(() => {
  "use strict";
  const { govuk, htmx } = document.currentScript.dataset;

  // Under `require-trusted-types-for 'script'`: markup of our own answers may be parsed; text never becomes a script, nor the address of one.
  window.trustedTypes?.createPolicy("default", { createHTML: (markup) => markup });

  const enhanced = ["js-enabled", "govuk-frontend-supported"];
  const enhance = (components, scope) => {
    const { createAll, Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, ServiceNavigation, SkipLink, Tabs } = components;
    for (const component of [Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, ServiceNavigation, SkipLink, Tabs]) {
      createAll(component, {}, { scope, onError: () => {} });
    }
  };

  if ("noModule" in HTMLScriptElement.prototype) {
    document.body.classList.add(...enhanced);
    const whole = new Promise((done) => {
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", done, { once: true });
      else done();
    });
    Promise.all([import(govuk), whole]).then(
      ([components]) => {
        enhance(components, document);
        document.addEventListener("htmx:after:swap", () => enhance(components, document));
      },
      // What only JavaScript could open stays open.
      () => document.body.classList.remove(...enhanced),
    );
  }
  // It parses answers with this; a browser that lacks it sends forms as ever.
  if ("parseHTMLUnsafe" in Document) import(htmx).catch(() => {});
})();
