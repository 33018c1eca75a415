"""What is in an archive."""

from __future__ import annotations

import zipfile
from pathlib import Path

from pydantic import BaseModel

from ninja_orgkit import registry
from ninja_orgkit.tags.services import assign_tags
from shop.models import Shop
from tests.exports.actions import create_contact, create_image, create_product
from tests.exports.conftest import Export
from tests.org import MakeOrg, MakePerson, Org

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"


def test_an_archive_contains_everything_in_the_organization(org: Org, export: Export) -> None:
    contact = create_contact(org, display_name="Ann Lee", email="ann@example.com", custom={"vip": True})
    create_image(org, "Harbour")
    product = create_product(org, "mug-1")
    assign_tags(contact, ["VIP", "lead"])
    assign_tags(product, ["VIP"])
    archive = export()
    manifest = archive.manifest
    assert (manifest["format"], manifest["version"], manifest["organization"]) == ("ninja-orgkit-export", 1, "acme")
    assert manifest["counts"] == {
        "organization": 1,
        "members": 1,
        "invitations": 0,
        "contacts": 1,
        "tags": 2,
        "tag_assignments": 3,
        "images": 1,
        "attachments": 0,
        "api_keys": 0,
        "audit_events": 3,
        "shop.product": 1,
    }
    assert [row["action"] for row in archive.rows("audit_events")] == [
        "organization.created", "member.added", "export.requested",
    ]  # fmt: skip
    assert archive.rows("contacts")[0]["email"] == "ann@example.com"
    assert archive.rows("contacts")[0]["custom"] == {"vip": True}
    assert archive.rows("members")[0]["email"] == "olga@example.com"
    targets = [(row["app_label"], row["model"], row["obj_id"]) for row in archive.rows("tag_assignments")]
    assert sorted(set(targets)) == [("contacts", "contact", contact.slug), ("shop", "product", "mug-1")]
    assert archive.cells("shop.product") == [{"sku": "mug-1", "name": "mug-1", "price": "9.50"}]


def test_an_archive_has_the_api_keys_without_what_makes_them_work(org: Org, make_org: MakeOrg, export: Export) -> None:
    key = org.add_key("tags.read", "org.read")
    make_org("third").add_key("org.read")
    assert export().rows("api_keys") == [{name: value for name, value in key.items() if name != "key"}]


def test_the_standalone_check_accepts_an_untouched_archive(org: Org, export: Export) -> None:
    create_contact(org, display_name="Ann")
    create_image(org, "Harbour")
    archive = export()
    sha256 = org.api.get(org.exports_path).json()["items"][0]["sha256"]
    verdict = archive.verify(sha256)
    assert (verdict.returncode, verdict.stdout.split(":")[0]) == (0, "OK")
    assert archive.verify("0" * 64).returncode == 1


def test_the_standalone_check_reports_every_change(org: Org, export: Export, tmp_path: Path) -> None:
    create_image(org, "Harbour")
    archive = export()
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as changed:
        for name in archive.names:
            content = archive.zip.read(name)
            if name.startswith("images/"):
                content = bytes(reversed(content))
            if name != "csv/members.csv":
                changed.writestr(name, content)
        changed.writestr("more.txt", b"more")
    verdict = type(archive)(broken).verify()
    assert verdict.returncode == 1
    assert "images/" in verdict.stdout
    assert "csv/members.csv is in the manifest, but not in the archive" in verdict.stdout
    assert "more.txt is not in the manifest" in verdict.stdout


def test_no_cell_is_a_formula(org: Org, export: Export) -> None:
    risky = ["=1+1", "+41 44", "-2+3", "-2)", "@SUM(A1)", "\tx", "\rx", "\uff1d1+1", "\uff0d2"]
    for value in [*risky, "  =1+1", "me; =1+1", 'so "-2+3"\n@x']:
        create_contact(org, display_name="x", notes=value)
    create_contact(org, display_name="x", notes='fine, "quoted"\nand on')
    archive = export()
    notes = [row["notes"] for row in archive.cells("contacts")]
    escaped = [*(f"'{value}" for value in risky), "'  '=1+1", "me; '=1+1", "so \"'-2+3\"\n'@x"]
    assert sorted(notes) == sorted([*escaped, 'fine, "quoted"\nand on'])
    assert {row["notes"] for row in archive.rows("contacts")} >= set(risky)


def test_a_negative_number_is_not_escaped_as_a_formula(org: Org, export: Export) -> None:
    for sku, price in (("credit", "-5.00"), ("mug", "9.50")):
        create_product(org, sku, price=price)
    create_contact(org, display_name="x", phone="+442079460000", notes="-2+3")
    archive = export()
    assert {row["sku"]: row["price"] for row in archive.cells("shop.product")} == {"credit": "-5.00", "mug": "9.50"}
    (contact,) = archive.cells("contacts")
    assert (contact["phone"], contact["notes"]) == ("'+442079460000", "'-2+3")


def test_no_cell_is_a_formula_whatever_the_separator(org: Org, export: Export) -> None:
    separators = [",", ";", "\t", "|", ":", " "]
    gaps = [start + end for start in [*separators, "\n", "\r\n"] for end in ["", "  ", '"', ' "', '""', "\t"]]
    for gap in gaps:
        create_contact(
            org,
            display_name=f"x{gap}=1+1",
            notes="".join(f"x{gap}{sign}cmd|'/C calc'!A0" for sign in SIGNS),
            phone=gap,
            location=f"{gap}=1+1{gap}",
            custom={"a": f"x{gap}=1", "b": [f"{gap}@x", "-1+2"]},
        )
    archive = export()
    for separator in separators:
        cells = list(archive.cells_split_at(separator, "contacts"))
        assert len(cells) > len(gaps)
        assert [cell for cell in cells if cell.lstrip(" ").startswith(tuple(SIGNS))] == [], separator


def test_harmless_text_stays_as_it_is_in_a_table(org: Org, export: Export) -> None:
    harmless = [
        "Tel. +41 44 123",
        "a - b",
        "C++, C#",
        "ann@example.com",
        "2027-03-01",
        "x=1&y=-2",
        "https://example.com/@ann?a=-1",
        "",
        "'quoted'",
    ]
    for text in harmless:
        create_contact(org, display_name="x", notes=text)
    assert sorted(row["notes"] for row in export().cells("contacts")) == sorted(harmless)


def test_a_negative_number_that_begins_a_line_is_escaped(org: Org, isolated_registry: None, export: Export) -> None:
    """Split at semicolons, the whole line is one cell, and more than a number."""

    class Row(BaseModel):
        balance: int
        name: str

    registry.export_rows(
        "balances", row=Row, rows=lambda _: [{"balance": -5, "name": "cmd|"}, {"balance": 5, "name": ""}]
    )
    assert export().cells("balances") == [{"balance": "'-5", "name": "cmd|"}, {"balance": "5", "name": ""}]


def test_a_table_begins_with_a_byte_order_mark(org: Org, export: Export) -> None:
    """Excel takes a file without one for the code page of the system."""
    create_contact(org, display_name="Zoë")
    archive = export()
    tables = [name for name in archive.names if name.startswith("csv/")]
    assert len(tables) == len(archive.manifest["counts"])
    for name in tables:
        assert archive.zip.read(name).startswith(b"\xef\xbb\xbf"), name
        assert archive.zip.read(name).count(b"\xef\xbb\xbf") == 1, name
    assert not [
        name for name in archive.names if name.startswith("data/") and b"\xef\xbb\xbf" in archive.zip.read(name)
    ]


def test_members_have_the_names_that_people_see(org: Org, make_person: MakePerson, export: Export) -> None:
    full, chosen = make_person("full"), make_person("chosen")
    full.api.patch("/users/me", {"first_name": "Ann", "last_name": "Lee"})
    chosen.api.patch("/users/me", {"first_name": "Bo", "display_name": "The Boss"})
    for person in (full, chosen):
        org.join(person, "member")
    shown = {item["slug"]: item["display_name"] for item in org.api.get("/orgs/acme/members/").json()["items"]}
    assert {"Ann Lee", "The Boss"} < set(shown.values())
    assert {row["slug"]: row["display_name"] for row in export().rows("members")} == shown


def test_fields_that_a_host_does_not_list_are_not_exported(org: Org, export: Export) -> None:
    create_product(org, "mug-1", cost_note="We pay 0.31 for it")
    invitation = org.api.post("/orgs/acme/invitations/", {"email": "bob@example.com", "role": "member"})
    assert invitation.status_code == 201, invitation.content
    archive = export()
    assert archive.rows("invitations")[0]["email"] == "bob@example.com"
    text = archive.text()
    assert "We pay" not in text
    assert "password" not in text
    assert "pending_key" not in text


def test_an_archive_contains_no_integer_key(org: Org, export: Export) -> None:
    """Create rows with unmistakable primary keys, and look for the keys in all the text."""
    shop = Shop.objects.create(pk=734_000_001, organization=org.row, name="Corner")
    create_product(org, "mug-1", pk=734_000_002, shop=shop)
    contact = create_contact(org, display_name="Ann", pk=734_000_003)
    assign_tags(contact, ["VIP"])
    archive = export()
    assert (archive.manifest["counts"]["shop.product"], archive.manifest["counts"]["tag_assignments"]) == (1, 1)
    assert "734000" not in archive.text()
    assert not [row for kind in ("contacts", "members", "organization") for row in archive.rows(kind) if "id" in row]


def test_an_archive_contains_nothing_of_another_organization(
    org: Org, other_org: Org, make_person: MakePerson, export: Export
) -> None:
    eve = make_person("eve", email="eve@elsewhere.com")
    assert eve.api.post("/contacts/", {"organization": org.slug, "display_name": "Eve"}).status_code == 404
    create_contact(other_org, display_name="Stranger")
    create_image(other_org)
    archive = export()
    assert archive.manifest["counts"]["contacts"] == 0
    assert archive.manifest["counts"]["images"] == 0
    assert "Stranger" not in archive.text()
    assert "elsewhere.com" not in archive.text()


def test_text_in_any_script_is_exported_unchanged(org: Org, export: Export) -> None:
    name = "Ελένη 李雷 👩‍👩‍👧 é"
    create_contact(org, display_name=name)
    create_image(org, "写真")
    archive = export()
    assert archive.rows("contacts")[0]["display_name"] == name
    assert archive.cells("contacts")[0]["display_name"] == name
    assert archive.rows("images")[0]["file"].endswith("-写真.jpg")
