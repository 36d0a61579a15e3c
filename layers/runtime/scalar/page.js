"use strict";
// Tokens are in sessionStorage: they survive a reload, and end with the tab.
(function () {
  const KEY = "lamina-docs";
  const MARGIN_MS = 30_000;
  const at = (id) => document.getElementById(id);
  const base = location.pathname.replace(/\/docs\/*$/, "");
  let session = JSON.parse(sessionStorage.getItem(KEY) || "null");
  let mfa = "";
  let refreshing = null;

  const keep = (value) => {
    session = value;
    if (value) sessionStorage.setItem(KEY, JSON.stringify(value));
    else sessionStorage.removeItem(KEY);
  };

  const call = async (path, options = {}) => (await fetch(base + path, options)).json();
  const post = (path, body) =>
    call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const tokens = (data) => ({
    access: data.access_token,
    refresh: data.refresh_token,
    until: Date.now() + data.expires_in * 1000,
  });

  const renew = async () => {
    const answer = await post("/v1/auth/refresh", { refresh_token: session.refresh });
    keep(answer.data ? { ...session, ...tokens(answer.data) } : null);
  };

  // Concurrent requests share one renewal: a refresh token is used once.
  const fresh = async () => {
    if (!session || session.until - MARGIN_MS > Date.now()) return;
    refreshing ??= renew().finally(() => (refreshing = null));
    await refreshing;
  };

  // Requests of the page take the token of the moment, whatever the samples show.
  const send = async (input, init) => {
    const shown = session?.access;
    await fresh();
    const request = new Request(input, init);
    if (shown && request.headers.get("Authorization") === "Bearer " + shown && session) {
      request.headers.set("Authorization", "Bearer " + session.access);
    }
    return fetch(request);
  };

  // Ids of what exists, so that the examples of the document can be sent as they stand.
  const found = async (access) => {
    const headers = { Authorization: "Bearer " + access };
    const first = (path) =>
      call(path, { headers })
        .then((answer) => answer.data?.[0]?.id)
        .catch(() => undefined);
    const [me, post_id, product_id, order_id, webhook_id] = await Promise.all([
      call("/v1/users/me", { headers }).then((answer) => answer.data?.id),
      ...["/v1/posts", "/v1/products", "/v1/orders", "/v1/webhooks"].map((path) => first(path + "?limit=1")),
    ]);
    return { user_id: me, author_id: me, post_id, product_id, order_id, webhook_id };
  };

  const filled = (value, ids) => {
    if (Array.isArray(value)) return value.map((inner) => filled(inner, ids));
    if (!value || typeof value !== "object") return value;
    const entries = Object.entries(value).map(([name, inner]) => [
      name,
      typeof inner === "string" && ids[name] ? ids[name] : filled(inner, ids),
    ]);
    return Object.fromEntries(entries);
  };

  const fill = (specification, ids) => {
    for (const item of Object.values(specification.paths)) {
      for (const operation of Object.values(item)) {
        for (const parameter of operation.parameters || []) {
          if (parameter.in === "path" && ids[parameter.name]) parameter.example = ids[parameter.name];
        }
        for (const media of Object.values(operation.requestBody?.content || {})) {
          if (media.example) media.example = filled(media.example, ids);
        }
      }
    }
    // Each visit of the page sends another required key; within it, sending again shows the replay.
    specification.components.parameters.RequiredIdempotencyKey.example = crypto.randomUUID();
    return specification;
  };

  // A loop, because a function for each of 1.4 million characters takes 0.1 s.
  const packed = () => {
    const text = at("scalar").textContent;
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index);
    return bytes;
  };
  const unpacked = () =>
    new Response(new Blob([packed()]).stream().pipeThrough(new DecompressionStream("gzip"))).text();

  // What Scalar's client leaves out for screen readers.
  const mend = () => {
    for (const each of document.querySelectorAll("[role=combobox]:not([aria-expanded])")) {
      each.setAttribute("aria-expanded", "false");
      each.setAttribute("aria-controls", "docs");
    }
    for (const each of document.querySelectorAll(".cm-scroller[tabindex='-1']")) each.setAttribute("tabindex", "0");
    for (const each of document.querySelectorAll("button[role=none]")) each.removeAttribute("role");
    for (const each of document.querySelectorAll("[role=textbox]:not([aria-label])")) each.setAttribute("aria-label", "Body");
    for (const each of document.querySelectorAll("button[aria-controls]")) {
      if (!at(each.getAttribute("aria-controls"))) each.removeAttribute("aria-controls");
    }
  };

  const watch = () => {
    let isPlanned = false;
    new MutationObserver(() => {
      if (isPlanned) return;
      isPlanned = true;
      requestAnimationFrame(() => {
        isPlanned = false;
        mend();
      });
    }).observe(document.body, { childList: true, subtree: true });
  };

  const show = async () => {
    const [program, specification] = await Promise.all([unpacked(), call("/openapi.json")]);
    const script = document.createElement("script");
    script.textContent = program;
    document.head.append(script);
    at("loading")?.remove();
    watch();
    Scalar.createApiReference("#docs", {
      content: fill(specification, session?.ids || {}),
      authentication: {
        preferredSecurityScheme: "bearer",
        securitySchemes: { bearer: { token: session?.access || "" } },
      },
      customFetch: send,
      persistAuth: false,
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: "never",
      hideClientButton: true,
      hideModels: true,
      documentDownloadType: "json",
      defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
      metaData: { title: "Lamina API" },
    });
  };

  const bar = () => {
    at("who").textContent = session?.name || "";
    at("in").hidden = at("open").hidden = Boolean(session);
    at("out").hidden = !session;
  };

  at("open").addEventListener("click", () => {
    const shown = at("in").classList.toggle("shown");
    at("open").setAttribute("aria-expanded", String(shown));
    if (shown) at("email").focus();
  });

  at("in").addEventListener("submit", async (event) => {
    event.preventDefault();
    at("problem").textContent = "";
    try {
      const answer = mfa
        ? await post("/v1/auth/mfa/verify", { mfa_token: mfa, code: at("code").value })
        : await post("/v1/auth/login", { email: at("email").value, password: at("password").value });
      mfa = answer.error?.mfa_token || "";
      at("code").hidden = !mfa;
      if (answer.error) {
        at("problem").textContent = mfa ? "Enter the code of your second factor." : answer.error.message;
        if (mfa) at("code").focus();
        return;
      }
      const ids = await found(answer.data.access_token);
      keep({ ...tokens(answer.data), name: answer.data.user.username, ids });
      location.reload();
    } catch {
      at("problem").textContent = "The API did not respond. Try again.";
    }
  });

  at("out").addEventListener("submit", async (event) => {
    event.preventDefault();
    const headers = { Authorization: "Bearer " + session.access };
    keep(null);
    await fetch(base + "/v1/auth/logout", { method: "POST", headers }).catch(() => {});
    location.reload();
  });

  // A token that has expired meanwhile is renewed before the samples show it.
  fresh()
    .catch(() => {})
    .then(() => {
      bar();
      return show();
    })
    .catch(() => (at("loading").textContent = "The documentation did not load. Reload the page."));
})();
