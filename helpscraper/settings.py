"""Every Scrapy setting of helpscraper, in the order in which a page travels, each with its reason.

Those with ``default("…")`` are helpscraper's own: ``crawl/settings_table.py`` holds their defaults, checks and texts,
and ``docs/settings.md`` is written from it.
"""

from __future__ import annotations

from scrapy.settings import default_settings

from helpscraper import __version__
from helpscraper.crawl.settings_table import default

BOT_NAME = "helpscraper"
# Its other modules hold parts of the spider, and one that only looks at a site.
SPIDER_MODULES = ["helpscraper.spiders.help"]
NEWSPIDER_MODULE = "helpscraper.spiders"

# ---- Where the history is kept ------------------------------------------------------------------------------------

ARCHIVE_URI = default("ARCHIVE_URI")
SITES = default("SITES")

# ---- Who is asking ------------------------------------------------------------------------------------------------

CONTACT = default("CONTACT")
USER_AGENT = f"helpscraper/{__version__} (help-centre history; respects robots.txt)"

# ---- How fast: politely -------------------------------------------------------------------------------------------

ROBOTSTXT_OBEY = True
# One request in flight and a pause between: a help centre has a few thousand pages and a day to be read in.
CONCURRENT_REQUESTS = 4
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 0.5
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 30.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
# No cookie is needed, and without one every page is served as to a new visitor.
COOKIES_ENABLED = False
# One coding only: the same page in another coding would be recorded again, because its payload differs.
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip",
}

# ---- How long and how large ---------------------------------------------------------------------------------------

# Some servers hang instead of answering; the bound covers the whole response, a slow one too.
DOWNLOAD_TIMEOUT = 60
# Real pages have some 100 KB; the bound also holds after decompression.
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 4 * 1024 * 1024
DOWNLOAD_FAIL_ON_DATALOSS = True
REDIRECT_MAX_TIMES = 5
# The spider alone decides which links to follow, and looking for this tag would scan every page.
METAREFRESH_ENABLED = False
# Only http and https: a link to a file or an FTP server is never opened.
DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None, "data": None}

# ---- Retries ------------------------------------------------------------------------------------------

RETRY_TIMES = 4
RETRY_HTTP_CODES = [403, 408, 429, 500, 502, 503, 504, 520, 521, 522, 524]
# Retry a page before others are requested: one page is enough to see whether a busy site has recovered.
RETRY_PRIORITY_ADJUST = 1
# A page that cannot be fetched is a fact of the run, which its last line sums up.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
RETRY_BACKOFF = default("RETRY_BACKOFF")
RETRY_BACKOFF_MAX = default("RETRY_BACKOFF_MAX")
RETRY_AFTER_MAX = default("RETRY_AFTER_MAX")
SECOND_CHANCES = default("SECOND_CHANCES")
GIVE_UP_AFTER = default("GIVE_UP_AFTER")

# ---- The way of a response ----------------------------------------------------------------------------------------

DOWNLOADER_MIDDLEWARES = {
    # Above RedirectMiddleware and the rest, so that a request off the site is refused before any other step.
    "helpscraper.extensions.guard.SiteGuardMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "helpscraper.extensions.robots.StrictRobotsTxtMiddleware": 100,
    # The guard is stricter than this one; nothing here has a password.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "helpscraper.extensions.retry.BackoffRetryMiddleware": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "helpscraper.extensions.payload.PayloadMiddleware": 590,
    # Below the guard and the redirects, to record refused answers and redirects too.
    "helpscraper.extensions.recorder.RecorderMiddleware": 610,
}
SPIDER_MIDDLEWARES = {
    "helpscraper.extensions.extraction.ExtractionErrorMiddleware": 100,
}
# Scrapy would parse the spider's source at every start to warn of a mistake that mypy finds.
WARN_ON_GENERATOR_RETURN_VALUE = False

WARC_ENABLED = default("WARC_ENABLED")
WARC_ROTATE_BYTES = default("WARC_ROTATE_BYTES")

# ---- The way of an article ----------------------------------------------------------------------------------------

# Scrapy starts this many tasks for every response. A page is one item and no pipeline waits for anything, so more would
# only cost time (at the default of 100 a third of the crawl's processor time).
CONCURRENT_ITEMS = 1
ITEM_PIPELINES = {
    "helpscraper.pipelines.normalise.IdentityPipeline": 100,
    "helpscraper.pipelines.normalise.TitlePipeline": 200,
    "helpscraper.pipelines.normalise.DatePipeline": 300,
    "helpscraper.pipelines.normalise.CategoryPipeline": 400,
    "helpscraper.pipelines.normalise.CountPipeline": 500,
    "helpscraper.pipelines.normalise.BodyPipeline": 600,
    "helpscraper.pipelines.validate.ValidatePipeline": 700,
    "helpscraper.pipelines.archive.ArchivePipeline": 800,
}

# ---- The whole crawl ----------------------------------------------------------------------------------------------

# Scrapy imports an extension before it asks whether it is on: these two would bring a web server into every crawl.
EXTENSIONS_BASE = {
    name: order
    for name, order in default_settings.EXTENSIONS_BASE.items()
    if not name.endswith((".TelnetConsole", ".RemoteControl"))
}
EXTENSIONS = {
    # Opens the session (lock, ledger) before anything is requested, and commits or refuses at the end.
    "helpscraper.extensions.session.SessionExtension": 0,
    "helpscraper.extensions.progress.ProgressExtension": 100,
}
RESUME = default("RESUME")
SINGLE_WRITER = default("SINGLE_WRITER")
RESUME_MAX_HOURS = default("RESUME_MAX_HOURS")
LEASE_SECONDS = default("LEASE_SECONDS")
SHIP_MINUTES = default("SHIP_MINUTES")
AUDIT_DAYS = default("AUDIT_DAYS")
UNLISTED_PROBES = default("UNLISTED_PROBES")
HEALTH_BASELINE_RUNS = default("HEALTH_BASELINE_RUNS")
HEALTH_MIN_ARTICLES = default("HEALTH_MIN_ARTICLES")
HEALTH_MIN_SECTION = default("HEALTH_MIN_SECTION")
HEALTH_SECTION_SIZE = default("HEALTH_SECTION_SIZE")
HEALTH_COVERAGE_DROP = default("HEALTH_COVERAGE_DROP")
HEALTH_ENOUGH = default("HEALTH_ENOUGH")
HEALTH_MAX_FAILED = default("HEALTH_MAX_FAILED")
HEALTH_MAX_FAILED_OF_TRIED = default("HEALTH_MAX_FAILED_OF_TRIED")
HEALTH_MIN_BODIES = default("HEALTH_MIN_BODIES")
HEALTH_MIN_DATED = default("HEALTH_MIN_DATED")
HEALTH_MAX_CHALLENGES = default("HEALTH_MAX_CHALLENGES")
HEALTH_MAX_UNDECODED = default("HEALTH_MAX_UNDECODED")
NOTIFY_URLS: list[str] = default("NOTIFY_URLS")
NOTIFY_CHANGES = default("NOTIFY_CHANGES")
DIGEST = default("DIGEST")
NOTIFY_TIMEOUT = default("NOTIFY_TIMEOUT")
PROGRESS: bool | None = default("PROGRESS")

# A crawler needs no console that others could reach.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LOG_LEVEL = "INFO"
LOG_FORMATTER = "helpscraper.extensions.log.BriefLogFormatter"
