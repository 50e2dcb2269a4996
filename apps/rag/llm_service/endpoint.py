"""Where a model's server is, from the base URL as people write it: Azure's and whole addresses of calls included."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit, urlunsplit

OPENAI_URL = "https://api.openai.com/v1"
_CALL = "/chat/completions"
_AZURE_PATH = "/openai/deployments/"
AZURE_HOSTS = (".azure.com", ".azure.us", ".azure.cn")


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """`url` ends before "/chat/completions" and has no query; what stood in that is sent along with each request."""

    url: str = field(repr=False)
    query: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def place(self) -> str:
        """The address for people to read, without a password in it."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    @property
    def is_openai(self) -> bool:
        return self.url.startswith(OPENAI_URL)

    @property
    def is_azure_deployment(self) -> bool:
        """Whether the key is sent as Azure's own kind of server wants it."""
        return _AZURE_PATH in f"{self.url}/"

    @property
    def is_azure(self) -> bool:
        return (urlsplit(self.url).hostname or "").endswith(AZURE_HOSTS)


def read_endpoint(base_url: str) -> Endpoint:
    """Return the endpoint that a base URL means; OpenAI's own for none."""
    parts = urlsplit(base_url.strip() or OPENAI_URL)
    path = parts.path.rstrip("/").removesuffix(_CALL)
    return Endpoint(url=urlunsplit((parts.scheme, parts.netloc, path, "", "")), query=dict(parse_qsl(parts.query)))
