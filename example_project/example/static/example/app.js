"use strict";

// A browser app without a framework. The access token lives in this variable only, and the refresh token in a cookie that
// no script can read. So a reload asks for a new access token, and a stolen page leaks nothing that lasts.
let access = null;
let refreshing = null;

const app = document.getElementById("app");
const find = (id) => document.getElementById(id);

async function send(method, path, { json, form } = {}) {
  const headers = { "Token-Delivery": "cookie" };
  if (access) headers.Authorization = `Bearer ${access}`;
  if (json) headers["Content-Type"] = "application/json";
  return fetch(app.dataset.api + path, { method, headers, body: json ? JSON.stringify(json) : form });
}

// Call the API. An access token lasts for minutes: after a 401, get a new one and try once more.
async function call(method, path, body) {
  let answer = await send(method, path, body);
  if (answer.status === 401 && access && (await refresh())) answer = await send(method, path, body);
  if (answer.status === 204) return null;
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.detail);
  return result;
}

// Get a new access token for the cookie. Requests that fail together share one refresh, and tabs take turns, because each
// refresh token works once.
function refresh() {
  refreshing ??= inTurn(async () => {
    const answer = await send("POST", "token/refresh");
    access = answer.ok ? (await answer.json()).access : null;
    return answer.ok;
  }).finally(() => { refreshing = null; });
  return refreshing;
}

function inTurn(work) {
  return navigator.locks ? navigator.locks.request("orgkit-refresh", work) : work();
}

async function signIn(event) {
  event.preventDefault();
  const json = Object.fromEntries(new FormData(event.target));
  await attempt(async () => {
    access = (await call("POST", "token/pair", { json })).access;
    event.target.reset();
    await show();
  });
}

async function signOut() {
  await attempt(() => call("POST", "auth/logout"));
  access = null;
  await show();
}

async function upload(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  await attempt(async () => {
    const image = await call("POST", `images/orgs/${find("organization").value}/images/`, { form });
    event.target.reset();
    find("pictures").prepend(figure(image));
    find("empty").hidden = true;
  });
}

async function show() {
  const me = access ? await call("GET", "users/me") : null;
  find("signed-out").hidden = me !== null;
  find("signed-in").hidden = me === null;
  if (!me) return;
  find("name").textContent = me.display_name || me.username;
  const options = me.organizations.map(({ slug, name }) => new Option(name, slug));
  find("organization").replaceChildren(...options);
  await showPictures();
}

async function showPictures() {
  const page = await call("GET", `images/orgs/${find("organization").value}/images/?limit=24`);
  find("pictures").replaceChildren(...page.items.map(figure));
  find("empty").hidden = page.items.length > 0;
}

function figure(image) {
  const shown = document.createElement("figure");
  const picture = document.createElement("img");
  picture.src = (image.renditions.sm ?? image).url; // until a worker has made the small ones
  picture.alt = image.alt_text || image.filename;
  const caption = document.createElement("figcaption");
  caption.textContent = image.title || image.filename;
  shown.append(picture, caption);
  return shown;
}

// Do something, and say below the form what went wrong.
async function attempt(work) {
  find("error").textContent = "";
  app.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    find("error").textContent = error.message;
    if (!access) await show(); // the session has ended
  } finally {
    app.removeAttribute("aria-busy");
  }
}

find("sign-in").addEventListener("submit", signIn);
find("sign-out").addEventListener("click", signOut);
find("upload").addEventListener("submit", upload);
find("organization").addEventListener("change", () => attempt(showPictures));
attempt(async () => { await refresh(); await show(); });
