"use strict";
// The token lives in this page only: reloading signs out.
(function () {
  const at = (id) => document.getElementById(id);
  const base = location.pathname.replace(/\/graphql\/*$/, "");
  const realtime = document.documentElement.dataset.realtime;
  let token = "";
  let mfa = "";
  let sockets = null;

  const connect = () =>
    realtime
      ? graphqlWs.createClient({
          url: realtime,
          retryAttempts: 3,
          connectionParams: () => (token ? { authorization: "Bearer " + token } : {}),
        })
      : undefined;

  const root = ReactDOM.createRoot(at("page"));
  const show = () => {
    if (sockets) sockets.dispose();
    sockets = connect();
    const send = GraphiQL.createFetcher({ url: location.pathname, wsClient: sockets });
    const fetcher = (request, options) =>
      send(request, { ...options, headers: { ...options?.headers, ...(token ? { Authorization: "Bearer " + token } : {}) } });
    root.render(
      React.createElement(GraphiQL, {
        key: token,
        fetcher,
        schema: token ? undefined : null, // without signing in, the schema cannot be read
        defaultQuery: "# Sign in to read the schema.\n{\n  posts(limit: 5) {\n    title\n    author {\n      name\n    }\n  }\n}\n",
        isHeadersEditorEnabled: false,
        shouldPersistHeaders: false,
      }),
    );
  };

  const post = async (path, body) => {
    const response = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.json();
  };

  const signedIn = (name) => {
    at("who").textContent = name;
    at("in").hidden = Boolean(token);
    at("out").hidden = !token;
    show();
  };

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
        return;
      }
      token = answer.data.access_token;
      at("password").value = at("code").value = "";
      signedIn(answer.data.user.username);
    } catch {
      at("problem").textContent = "The API did not respond. Try again.";
    }
  });

  at("out").addEventListener("submit", (event) => {
    event.preventDefault();
    if (token) fetch(base + "/v1/auth/logout", { method: "POST", headers: { Authorization: "Bearer " + token } });
    token = "";
    signedIn("");
  });

  show();
})();
