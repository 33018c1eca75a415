"""Routes of a host's own, for the products of its shop."""

from decimal import Decimal
from typing import Any

from ninja import Schema

from ninja_orgkit.accounts.bearer import bearer
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from shop.models import Product, Shop

router = OrganizationRouter(tags=["products"], auth=bearer)
ORDERINGS = Orderings(columns={"name": "name"}, default="name", tie="sku")


class ProductIn(Schema):
    """A product as a client sends it."""

    sku: str
    name: str
    price: Decimal


class ProductOut(Schema):
    """A product as an answer shows it."""

    sku: str
    name: str


@router.get("/orgs/{org_slug}/products/", response=OrgkitPage[ProductOut], needs="org.read")
def list_products(request: MemberRequest, page: PageQuery) -> dict[str, Any]:
    """List the products of an organization."""
    products = Product.objects.filter(shop__organization=request.organization)
    return paginate(request, products, page, orderings=ORDERINGS, represent=ProductOut.from_orm)


@router.post("/orgs/{org_slug}/products/", response={201: ProductOut}, needs="products.write", idempotent=True)
def create_product(request: MemberRequest, body: ProductIn) -> ProductOut:
    """Create a product in the organization's shop."""
    shop, _ = Shop.objects.get_or_create(organization=request.organization, defaults={"name": "Shop"})
    return ProductOut.from_orm(Product.objects.create(shop=shop, **body.dict()))
