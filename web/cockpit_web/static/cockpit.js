// Lets htmx run under Trusted Types: its only HTML comes from this server, and it may build no function from text.
(() => {
  const policy = window.trustedTypes?.createPolicy("cockpit", { createHTML: (html) => html });
  const never = function () { throw new Error("no code is built from text in these pages"); };
  window.htmx?.registerExtension("cockpit", {
    init: (api) => api.initSecurity({
      createHTML: (html) => (policy ? policy.createHTML(html) : html),
      createScript: () => "",
    }, never, never),
  });
})();
