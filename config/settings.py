"""Settings: every one from the environment, each with the reason for its default."""

import contextlib
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from apps.core.alert_rules import DEFAULT_RULES, parse_rules
from apps.core.database.urls import django_database, embedded_url
from apps.core.error_handling import SettingsError
from config import env

BASE_DIR = Path(__file__).resolve().parent.parent

# Everything that must outlive a restart lies here: database, models, the secret key.
DATA_DIR = env.path("TACIT_DATA_DIR", BASE_DIR / "data")
# Model files, apart from the data when several data folders should share them.
MODELS_DIR = env.path("TACIT_MODELS_DIR", DATA_DIR / "models")


def secret_key() -> str:
    """Return TACIT_SECRET_KEY, or a key made at the first start and kept in the data folder."""
    # Signs sessions; many web processes on many machines must share one.
    if configured := env.text("TACIT_SECRET_KEY"):
        return configured
    file = DATA_DIR / "secret_key"
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        draft = file.with_name(f"secret_key.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)  # atomic: of two first starts at once, one key wins for both
        draft.unlink()
    return file.read_text()


SECRET_KEY = secret_key()
# Django's own error pages, for developers only: they show settings and source.
DEBUG = env.flag("TACIT_DEBUG")

# The address people use; needed behind a proxy for links in e-mails and for the sign-in link.
PUBLIC_URL = env.text("TACIT_PUBLIC_URL").rstrip("/")
# The names this server is reached by. Without a list: that of TACIT_PUBLIC_URL and this machine's own; and without a
# public address any name, since a self-hosted server is reached by names we can't know; then no mail is sent either.
ALLOWED_HOSTS = env.words("TACIT_ALLOWED_HOSTS") or (
    [urlsplit(PUBLIC_URL).hostname or "", "localhost", "127.0.0.1", "[::1]"] if PUBLIC_URL else ["*"]
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SECURE_COOKIES = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_COOKIES else None
X_FRAME_OPTIONS = "DENY"
# `check --deploy` asks for a redirect to HTTPS and for HSTS. Both are the proxy's, which has the certificate: a
# redirect from here goes in a circle behind one that doesn't name the scheme, and HSTS binds a name that isn't ours.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]

# Addresses of proxies whose X-Forwarded-For is believed; loopback always is, since a proxy usually stands beside us.
TRUSTED_PROXIES = env.words("TACIT_TRUSTED_PROXIES")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "apps.dashboard",  # before allauth, whose pages take its layout
    "allauth",
    "allauth.account",
    "django_htmx",
    "ninja",  # serves the API page's assets from here instead of from elsewhere
    "procrastinate.contrib.django",
    "apps.core",
    "apps.accounts",
    "apps.incidents",
    "apps.chatbots",
    "apps.retrieval",
    "apps.knowledge",
    "apps.rag",
    "apps.conversations",
    "apps.widget",
    "apps.observability",
]

MIDDLEWARE = [
    "apps.core.log_context.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.accounts.actors.ActorMiddleware",
    "apps.conversations.cors.AllowedSitesMiddleware",
    "apps.core.api_errors.ApiErrorsMiddleware",
    "apps.core.compression.CompressedFilesMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.dashboard.strict_pages.StrictPagesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.dashboard.context.for_templates",
            ]
        },
    }
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The database: embedded unless an address is given; two logins in both cases.
DATABASE_URL = env.text("TACIT_DATABASE_URL")
EMBEDDED_DATABASE = not DATABASE_URL
# The second login, which has no right to read learn-only passages; needed with TACIT_DATABASE_URL.
VISITOR_DATABASE_URL = env.text("TACIT_VISITOR_DATABASE_URL")
if EMBEDDED_DATABASE:
    DATABASE_URL = embedded_url(DATA_DIR, user="tacit")
    VISITOR_DATABASE_URL = embedded_url(DATA_DIR, user="tacit_visitor")
DATABASES = {"default": django_database(DATABASE_URL, name="TACIT_DATABASE_URL")}
VISITOR_DATABASE = django_database(
    VISITOR_DATABASE_URL, name="TACIT_VISITOR_DATABASE_URL", missing="Tacit needs a second login for visitors"
)

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
# Without a mail server there is nobody to send a confirmation to; with one, addresses are confirmed.
EMAIL_HOST = env.text("TACIT_EMAIL_HOST")
if EMAIL_HOST and not PUBLIC_URL:  # a link in a mail must never be made from what a request calls this server
    raise SettingsError("TACIT_EMAIL_HOST needs TACIT_PUBLIC_URL: set it to the address that links in e-mails lead to.")
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_HOST else "none"
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "django.core.mail.backends.dummy.EmailBackend"
)
# The mail server's port; 587 is that of submission with TLS.
EMAIL_PORT = env.number("TACIT_EMAIL_PORT", 587)
# The login at the mail server.
EMAIL_HOST_USER = env.text("TACIT_EMAIL_USER")
# The password at the mail server.
EMAIL_HOST_PASSWORD = env.text("TACIT_EMAIL_PASSWORD")
# Whether the mail server is spoken to over TLS.
EMAIL_USE_TLS = env.flag("TACIT_EMAIL_TLS", default=True)
# Whom e-mails come from.
DEFAULT_FROM_EMAIL = env.text("TACIT_EMAIL_FROM", "tacit@localhost")
# Strangers can't make themselves owners of somebody's server: people come by invitation or by the sign-in link.
SIGN_UP_OPEN = env.flag("TACIT_SIGN_UP_OPEN")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
# Served straight from the apps' folders: there is no collecting step to forget.
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False
SERVESTATIC_MAX_AGE = 300

# Uploads go into the database in pieces; no request body is held in memory beyond this.
MAX_UPLOAD_BYTES = env.number("TACIT_MAX_UPLOAD_MB", 100, minimum=1) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Which model makes vectors: local, openai:MODEL or fastembed:MODEL (docs/models.md).
EMBEDDING_MODEL = env.text("TACIT_EMBEDDING_MODEL", "local")
# The key of the embedding model's server; OPENAI_API_KEY without it.
EMBEDDING_API_KEY = env.text("TACIT_EMBEDDING_API_KEY") or env.text("OPENAI_API_KEY")
# The embedding model's server, where it is not OpenAI.
EMBEDDING_BASE_URL = env.text("TACIT_EMBEDDING_BASE_URL")
# How documents are cut: by their structure, or also where neighbouring sentences differ most in meaning, which costs an
# embedding of every sentence and was measured to bring nothing clear (docs/benchmarks.md).
CHUNKING = env.choice("TACIT_CHUNKING", "structure", "semantic")
# The older name of TACIT_READER_MODEL, which goes first.
RERANKER_MODEL = env.text("TACIT_RERANKER_MODEL")
# Which model reads question and text together: local (the default, in this process), none, or a cross-encoder that
# fastembed knows (docs/models.md).
READER_MODEL = env.text("TACIT_READER_MODEL") or RERANKER_MODEL or "local"
LANGUAGE_MODEL = env.language_model()

# How many seconds something outside that failed three times in a row (a model's server, a site) is left alone.
CIRCUIT_SECONDS = env.number("TACIT_CIRCUIT_SECONDS", 30, minimum=1)

# Addresses inside the network that owners may add as sources, or have contacts posted to, all the same (hosts or CIDR
# blocks).
FETCH_ALLOWED_HOSTS = env.words("TACIT_FETCH_ALLOW_HOSTS")

# Limits of reading one document; a file beyond them ends failed, and the others go on.
EXTRACTION_SECONDS = env.number("TACIT_EXTRACTION_SECONDS", 120, minimum=1)
# How much memory the reader of one document may take.
EXTRACTION_MEMORY_MB = env.number("TACIT_EXTRACTION_MEMORY_MB", 2048, minimum=256)
# How many pages of one document are read.
EXTRACTION_MAX_PAGES = env.number("TACIT_EXTRACTION_MAX_PAGES", 3000, minimum=1)

# Questions a visitor may ask in a minute, by address; requests from this machine itself are not counted.
VISITOR_MESSAGES_PER_MINUTE = env.number("TACIT_VISITOR_MESSAGES_PER_MINUTE", 30, minimum=1)
# Questions a visitor may ask a chatbot in a day (UTC); 0: as many as come. A whole office may share one address.
VISITOR_MESSAGES_PER_DAY = env.number("TACIT_VISITOR_MESSAGES_PER_DAY", 1000)
# Questions that all visitors of a chatbot may ask in a day; 0: as many as come. Enough for people, little for a flood.
MESSAGES_PER_DAY = env.number("TACIT_MESSAGES_PER_DAY", 20_000)
# Characters that a question may have.
LONGEST_MESSAGE = env.number("TACIT_LONGEST_MESSAGE", 4000, minimum=50)
# Answers that a chatbot gives at once; each holds a request to the language model.
OPEN_STREAMS = env.number("TACIT_OPEN_STREAMS", 500, minimum=1)
# Answers that one visitor of a chatbot may have open at once.
VISITOR_OPEN_STREAMS = env.number("TACIT_VISITOR_OPEN_STREAMS", 8, minimum=1)
# Contact forms that a visitor may send in a day.
VISITOR_CONTACTS_PER_DAY = env.number("TACIT_VISITOR_CONTACTS_PER_DAY", 10, minimum=1)
# Contact forms that all visitors of a chatbot may send in a day; 0: as many as come.
CONTACTS_PER_DAY = env.number("TACIT_CONTACTS_PER_DAY", 1000)

# How many seconds an answer goes on when its visitor’s connection breaks, so that it can be read on; 0 for none.
ANSWER_GRACE_SECONDS = env.number("TACIT_ANSWER_GRACE_SECONDS", 30, minimum=0)

# Whether a chatbot with learn-only sources is attacked anew when its sources or its model have changed: by the worst
# model there is, in `inform` by its own, whose answers may cost money.
LEAKTEST_AFTER_CHANGES = env.flag("TACIT_LEAKTEST_AFTER_CHANGES")

# Which class serves which name; tests put fakes here.
SERVICES = {
    "users": "apps.accounts.services.UserService",
    "members": "apps.accounts.members.MemberService",
    "chatbots": "apps.chatbots.services.ChatbotService",
    "budget": "apps.chatbots.budget.BudgetService",
    "lifecycle": "apps.chatbots.lifecycle.ChatbotLifecycle",
    "knowledge_sources": "apps.knowledge.services.KnowledgeSourceService",
    "removed_sources": "apps.knowledge.removal.RemovedSourceService",
    "source_copies": "apps.knowledge.copying.SourceCopyService",
    "errors": "apps.incidents.services.ErrorService",
    "documents": "apps.knowledge.services.DocumentService",
    "steering_links": "apps.knowledge.links.SteeringLinkService",
    "chat": "apps.conversations.services.ChatService",
    "insights": "apps.conversations.insights.InsightsService",
    "contacts": "apps.conversations.contacts.ContactService",
    "retention": "apps.conversations.retention.RetentionService",
    "erasure": "apps.conversations.erasure.ErasureService",
    "privacy": "apps.rag.privacy_service.PrivacyService",
    "search": "apps.retrieval.vector_search.create_search_service",
    "embeddings": "apps.retrieval.providers.create_embeddings",
    "reader": "apps.retrieval.providers.create_configured_reader",
    "llm": "apps.rag.llm_service.create_llm_service",
    "alerts": "apps.observability.alerts.AlertService",
    "leak_tests": "apps.observability.leaktest.service.LeakTestService",
}

# What each service is wrapped in where it is registered, from the inside out.
SERVICE_WRAPPERS: dict[str, list[str]] = {
    "chat": ["apps.observability.metered_chat.MeteredChat"],
    "llm": ["apps.observability.metered_llm.metered"],
}

# Only a worker imports the tasks, and with them the ingest flow; other processes queue jobs by name.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = [
    "apps.chatbots.tasks",
    "apps.knowledge.tasks",
    "apps.retrieval.tasks",
    "apps.rag.tasks",
    "apps.conversations.watch",
    "apps.conversations.contact_tasks",
    "apps.conversations.limits_tasks",
    "apps.conversations.retention_tasks",
    "apps.observability.leaktest.tasks",
    "apps.observability.alert_tasks",
]

# How much is logged: DEBUG, INFO, WARNING or ERROR; none of them logs what visitors or documents say.
LOG_LEVEL = env.text("TACIT_LOG_LEVEL", "WARNING").upper()
# Lines for people, or one JSON object a line for who collects them; both name request and job.
LOG_FORMAT = env.choice("TACIT_LOG_FORMAT", "text", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "apps.core.log_formats.TextLines"},
        "json": {"()": "apps.core.log_formats.JsonLines"},
    },
    "filters": {
        "no_secrets": {"()": "apps.core.log_redaction.NoSecretsInPaths"},
        "context": {"()": "apps.core.log_context.NamesRequestAndJob"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["no_secrets", "context"]}
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Its lines at INFO hold task arguments; ours hold ids only, but nobody should have to check that.
    # Django warns of every 404; what matters of it is an error.
    "loggers": {"procrastinate": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}

# Who may read /metrics from elsewhere than this machine itself: whoever sends this as a bearer token.
METRICS_TOKEN = env.text("TACIT_METRICS_TOKEN")
# Where traces and metrics are sent by OpenTelemetry, http://collector:4318 for example; nowhere without it.
OTLP_ENDPOINT = env.text("TACIT_OTLP_ENDPOINT") or env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
# An unknown metric is an error; for tests, since no answer should fail because of its numbers.
STRICT_METRICS = env.flag("TACIT_STRICT_METRICS")
# What a million tokens cost, read and written, in the currency you like; the cost of each chatbot is counted with it.
LLM_INPUT_PRICE = env.amount("TACIT_LLM_INPUT_PRICE")
# The same for the tokens that the model writes.
LLM_OUTPUT_PRICE = env.amount("TACIT_LLM_OUTPUT_PRICE")
# When somebody is told that something is wrong: JSON as docs/monitoring.md describes, instead of the usual rules.
ALERT_RULES = parse_rules(rules) if (rules := env.text("TACIT_ALERT_RULES")) else DEFAULT_RULES
# Whom alerts are mailed to; needs TACIT_EMAIL_HOST.
ALERT_EMAILS = env.words("TACIT_ALERT_EMAILS")
# Where alerts are posted to.
ALERT_WEBHOOK_URL = env.text("TACIT_ALERT_WEBHOOK_URL")
# What posted alerts are signed with, so that the receiver knows they are ours.
ALERT_WEBHOOK_SECRET = env.text("TACIT_ALERT_WEBHOOK_SECRET")
if ALERT_WEBHOOK_URL and not ALERT_WEBHOOK_SECRET:
    raise SettingsError("TACIT_ALERT_WEBHOOK_URL needs TACIT_ALERT_WEBHOOK_SECRET: set it to a long random text.")
if ALERT_EMAILS and not EMAIL_HOST:
    raise SettingsError("TACIT_ALERT_EMAILS needs a mail server: set TACIT_EMAIL_HOST, or leave both out.")
