"""`tacit key …` and `tacit sign-in-link`: how people and programs get in."""

from typing import Annotated

import typer
from django.conf import settings

from apps.accounts.models import ApiKey, Member, Role, User
from apps.accounts.services import FIRST_OWNER, users
from apps.cli.readiness import prepare, print_json
from apps.core.error_handling import NotFoundError

keys = typer.Typer(help="API keys of owners.", no_args_is_help=True)
# Where `tacit up` was last reached, so that a link made later leads there.
ADDRESS_FILE = settings.DATA_DIR / "address"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@keys.command("create")
def create_key(
    email: Annotated[str, typer.Option(help="The owner's e-mail address; made if new.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    read_only: Annotated[bool, typer.Option(help="The key may only read.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an API key; it is shown this once."""
    prepare()
    member = users().ensure_owner(email=email)
    made = users().create_api_key(member=member, name=name, scopes=["read"] if read_only else ())
    if as_json:
        print_json(
            {
                "key": made.secret,
                "id": made.key.pk,
                "email": member.user.email,
                "organization": member.organization.name,
            }
        )
        return
    print(made.secret)
    typer.echo("Keep it safe: it is not shown again. `tacit key revoke` ends it.", err=True)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the API keys that are valid."""
    prepare()
    rows = list(ApiKey.objects.filter(revoked_at=None).select_related("member__user").order_by("created_at"))
    if as_json:
        print_json(
            [
                {
                    "id": key.pk,
                    "key": f"{key.prefix}…",
                    "email": key.member.user.email,
                    "scopes": key.scopes,
                    "name": key.name,
                }
                for key in rows
            ]
        )
        return
    for key in rows:
        print(f"{key.pk}  {key.prefix}…  {key.member.user.email}  {'+'.join(key.scopes)}  {key.name}")


@keys.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="Its id, from `tacit key list`.")]) -> None:
    """End an API key; it fails from the next request on."""
    prepare()
    key = next((key for key in ApiKey.objects.filter(revoked_at=None) if str(key.pk) == key_id), None)
    if key is None:
        raise NotFoundError(f"There is no valid key with the id {key_id!r}. `tacit key list` shows the ones there are.")
    users().revoke_api_key(member=key.member, key_id=key.pk)
    print("Revoked.")


def sign_in_link(
    email: Annotated[str, typer.Option(help="Whom to sign in; the first owner without it.")] = "",
) -> None:
    """Print a link that signs an owner in, once."""
    prepare()
    if email and not User.objects.filter(email=email.strip().lower()).exists():
        raise NotFoundError(
            f"Nobody has the address {email!r}. `tacit key create --email {email}` makes an owner of it."
        )
    last = ADDRESS_FILE.read_text() if ADDRESS_FILE.exists() else "http://127.0.0.1:8000"
    print(new_sign_in_link(last, email))


def new_sign_in_link(address: str, email: str = "") -> str:
    """Return a one-time link for `email`, or for the first owner, who is made if there is none."""
    first = Member.objects.filter(role=Role.OWNER).order_by("created_at").select_related("user").first()
    member = first if first and not email else users().ensure_owner(email=email or FIRST_OWNER)
    token = users().create_sign_in_link(user=member.user)
    return f"{settings.PUBLIC_URL or address}/sign-in/{token}"
