import json, pytest
pytestmark = pytest.mark.django_db
def test_smoke(register, count_queries):
    p = register()
    r = p.api.post("/contacts/", {"organization": p.org, "first_name": "Ann", "last_name": "Lee"})
    print(r.status_code, r.content, r.headers)
    slug = r.json()["slug"]
    r = p.api.post(f"/orgs/{p.org}/tags/contacts/contact/{slug}/", {"tags": ["VIP", "vip", "C", "C++", "C#", "日本"]})
    print(r.status_code, r.content)
    r = p.api.post(f"/orgs/{p.org}/tags/contacts/contact/{slug}/", ["VIP"])
    print(r.status_code, len(r.json()))
    for url in ["/contacts/", f"/contacts/{slug}/", "/contacts/?organization="+p.org, f"/orgs/{p.org}/tags/?ordering=-usage_count&limit=2"]:
        with count_queries() as q:
            r = p.api.get(url)
        print(r.status_code, r.content, len(q))
        for x in q.captured_queries: print("   ", x["sql"])
    with count_queries() as q:
        r = p.api.post(f"/orgs/{p.org}/tags/contacts/contact/{slug}/", {"tags": ["VIP", "new"]})
    for x in q.captured_queries: print("   ", x["sql"])
    r = p.api.get("/contacts/", tag=["vip", "日本"]); print(r.json()["count"])
    r = p.api.get("/contacts/", search="ann LÉE"); print(r.json()["count"])
    with count_queries() as q:
        r = p.api.patch(f"/contacts/{slug}/", {"display_name": "X", "custom": {"a": [1]}}); print(r.content)
    for x in q.captured_queries: print("   ", x["sql"])
    assert 0
