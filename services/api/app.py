"""The web application, assembled."""

from __future__ import annotations

from importlib.metadata import version

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag
from litestar.types import ASGIApp

from services.api.access import BearerTokens
from services.api.controllers.bounces import BounceController
from services.api.controllers.bursts import BurstCheckController, BurstController, ScheduleBurstController
from services.api.controllers.calendars import CalendarController
from services.api.controllers.common import provide_caller
from services.api.controllers.dead_letters import DeadLetterController
from services.api.controllers.deliveries import DeliveryController
from services.api.controllers.destinations import DestinationController
from services.api.controllers.links import DeliveryLinkController, LinkController
from services.api.controllers.maintenance import MaintenanceController
from services.api.controllers.me import MeController
from services.api.controllers.notices import AnnouncementController, NoticeController
from services.api.controllers.occurrences import OccurrenceController
from services.api.controllers.operations import live, metrics, ready
from services.api.controllers.previews import PreviewController
from services.api.controllers.profiles import ProfileController
from services.api.controllers.recipients import RecipientController, SuppressionController
from services.api.controllers.reports import ReportController
from services.api.controllers.schedules import ScheduleController
from services.api.controllers.sources import SourceController
from services.api.controllers.templates import TemplateController
from services.api.controllers.test_sends import TestSendController
from services.api.controllers.unsubscribe import UnsubscribeController
from services.api.controllers.uploads import UploadController
from services.api.metering import Metered
from services.api.platform import Platform
from services.api.refusals import EXCEPTION_HANDLERS

CONTROLLERS = [
    SourceController,
    TemplateController,
    UploadController,
    ScheduleController,
    PreviewController,
    TestSendController,
    CalendarController,
    ReportController,
    BurstController,
    ScheduleBurstController,
    BurstCheckController,
    OccurrenceController,
    DeliveryController,
    NoticeController,
    AnnouncementController,
    DeadLetterController,
    ProfileController,
    DestinationController,
    LinkController,
    DeliveryLinkController,
    RecipientController,
    SuppressionController,
    BounceController,
    UnsubscribeController,
    MeController,
    MaintenanceController,
]


def make_app(platform: Platform) -> ASGIApp:
    """The application on this platform, with every request measured."""
    return Metered(make_litestar(platform))


def make_litestar(platform: Platform) -> Litestar:
    """The application on this platform."""
    return Litestar(
        [Router("/api/v1", route_handlers=CONTROLLERS), live, ready, metrics],
        dependencies={
            "platform": Provide(lambda: platform, sync_to_thread=False),
            "caller": Provide(provide_caller, sync_to_thread=False),
        },
        middleware=[DefineMiddleware(BearerTokens, platform=platform)],
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=platform.settings.max_body_bytes,
        openapi_config=_openapi(),
        logging_config=None,
    )


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Pressroom",
        version=version("pressroom"),
        description="Scheduled reports that arrive: SQL to Excel, PDF and CSV, on time, delivered and provable.",
        path="/schema",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        use_handler_docstrings=True,
        components=Components(security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"bearer": []}],
        tags=[Tag(name=name, description=description) for name, description in _TAGS.items()],
    )


_TAGS = {
    "sources": "Databases that reports read from.",
    "templates": "What to produce.",
    "schedules": "When to produce it, and for whom.",
    "calendars": "Days on which nobody works.",
    "reports": "What was produced.",
    "occurrences": "What should have happened, and what did.",
    "deliveries": "What was sent to whom.",
    "dead letters": "What failed for good and waits for a person.",
    "notices": "What those who answer for schedules are told.",
    "delivery": "Over which mail servers, and to which places that are no mailboxes.",
    "people": "Who uses the api.",
    "recipients": "What recipients want, and who cannot be written to.",
    "operations": "For those who run Pressroom.",
}
