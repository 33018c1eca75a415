// Ten operations of the API, with types from the OpenAPI document.
import createClient from "openapi-fetch";
import type { components, paths } from "./orgkit";

type Contact = components["schemas"]["OrgkitContact"];
type Problem = components["schemas"]["OrgkitProblem"];

function must<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.error) {
    throw new Error(`${answer.error.code}: ${answer.error.detail}`);
  }
  return answer.data as T;
}

export async function program(origin: string, email: string, password: string, picture: Blob): Promise<string> {
  const api = createClient<paths>({ baseUrl: origin });

  const tokens = must(await api.POST("/api/v1/token/pair", { body: { email, password } }));
  api.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${tokens.access}`);
    },
  });

  const me = must(await api.GET("/api/v1/users/me"));
  const organization = must(await api.POST("/api/v1/orgs/", { body: { name: `Friends of ${me.display_name}` } }));
  const org_slug = organization.slug;

  const created = await api.POST("/api/v1/contacts/", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { organization: org_slug, display_name: "Grace Hopper", email: "grace@example.com" },
  });
  const contact: Contact = must(created);
  const etag = created.response.headers.get("ETag") ?? "*";
  must(
    await api.PATCH("/api/v1/contacts/{slug}/", {
      params: { path: { slug: contact.slug }, header: { "If-Match": etag } },
      body: { phone: "+1 555 0100" },
    }),
  );

  const tags = must(
    await api.POST("/api/v1/orgs/{org_slug}/tags/{app_label}/{model}/{obj_id}/", {
      params: { path: { org_slug, app_label: "contacts", model: "contact", obj_id: contact.slug } },
      body: { tags: ["VIP"] },
    }),
  );
  const page = must(
    await api.GET("/api/v1/contacts/", {
      params: { query: { organization: org_slug, tag: tags.map((tag) => tag.slug), limit: 10 } },
    }),
  );

  const image = must(
    await api.POST("/api/v1/images/orgs/{org_slug}/images/", {
      params: { path: { org_slug } },
      body: { file: "", title: "Grace" },
      // The types know a file as text, and fetch takes it from a form.
      bodySerializer({ title }) {
        const form = new FormData();
        form.append("file", picture, "grace.png");
        form.append("title", title ?? "");
        return form;
      },
    }),
  );
  must(
    await api.POST("/api/v1/images/orgs/{org_slug}/attach/", {
      params: { path: { org_slug } },
      body: { image_id: image.id, app_label: "contacts", model: "contact", obj_id: contact.slug },
    }),
  );
  const job = must(await api.POST("/api/v1/orgs/{org_slug}/export/", { params: { path: { org_slug } } }));

  return `${page.items[0]?.display_name}, ${image.title}, ${job.status}`;
}
