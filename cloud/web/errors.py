"""Errors as HTTP answers: one table of statuses, one form (RFC 9457 problem details) for whatever goes wrong."""

import logging
import math
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from cloud.errors import (
    CloudError,
    ConflictError,
    DatabaseGoneError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    NotSignedInError,
)
from cloud.evidence.errors import ActOpenError, Ahead, ChangedError, RefusedError
from cloud.imports.faults import ImportConflictError, ImportFaultsError
from cloud.imports.models import RowFault
from cloud.live.models import Wording
from cloud.media.errors import MediaError, MediaTooLargeError, StoreFullError, StoreGoneError
from cloud.parts import Parts
from cloud.people.errors import DirectoryGoneError, ThrottledError
from cloud.releases.errors import ReleaseTooLargeError

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[type[CloudError], int] = {
    NotSignedInError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    RefusedError: 409,
    ChangedError: 412,
    MediaTooLargeError: 413,
    ReleaseTooLargeError: 413,
    InvalidError: 422,
    MediaError: 422,
    ThrottledError: 429,
    DatabaseGoneError: 503,
    StoreGoneError: 503,
    StoreFullError: 507,
    DirectoryGoneError: 503,
}
"""Each error's status; a child without one of its own has its parent's."""

_log = logging.getLogger(__name__)


class FieldFault(BaseModel):
    """One thing wrong with what was sent: where, and what."""

    field: str = Field(examples=["body.quantity"])
    message: str


class Problem(BaseModel):
    """Why it was not done (RFC 9457). `reason`, `rule` and `rule_text` are those of a refusal by the rule pack,
    `faults` (the first of `fault_count`) those of a file, `ahead` is who was first.
    """

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    reason: str | None = None
    rule: str | None = None
    rule_text: Wording | None = None
    subject: str | None = None
    ahead: Ahead | None = None
    errors: list[FieldFault] | None = None
    faults: list[RowFault] | None = None
    fault_count: int | None = None


def status_of(error: CloudError) -> int:
    """The status for `error`: that of its nearest class in the table, 500 when none is there."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def code_of(error: CloudError) -> str:
    """What kind of error it is, for programs: its own code, or its class's name in small letters."""
    code = getattr(error, "code", None)
    name = type(error).__name__.removesuffix("Error")
    return str(code) if code else re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """`problem` as a response."""
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, problem.status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem."""
    app.add_exception_handler(CloudError, _on_cloud_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


async def _on_cloud_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CloudError)  # noqa: S101 - the handler is installed for nothing else
    status, headers = status_of(error), {}
    if status >= 500:
        _log.error("%s %s: %s", request.method, request.url.path, error)
    if isinstance(error, ThrottledError):
        headers["Retry-After"] = str(math.ceil(error.wait.total_seconds()))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    problem = Problem(title=error.diagnosis, status=status, code=code_of(error), detail=str(error))
    if isinstance(error, RefusedError):
        refused, parts = error.refused, request.app.state.parts
        problem.reason, problem.rule, problem.subject = refused.reason.value, refused.rule, refused.subject
        problem.rule_text = _wording(parts, refused.rule)
    if isinstance(error, ChangedError | ActOpenError):
        problem.ahead = error.ahead
    if isinstance(error, ImportFaultsError | ImportConflictError):
        problem.faults, problem.fault_count = error.faults, error.count
    return answer(problem, headers)


def _wording(parts: Parts, rule: str) -> Wording | None:
    text = parts.pack.wording.get(rule)
    return None if text is None else Wording(zh=text["zh"], en=text["en"])


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the handler is installed for nothing else
    faults = [FieldFault(field=".".join(map(str, fault["loc"])), message=fault["msg"]) for fault in error.errors()]
    detail = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
    title = "What was sent does not have the form that was asked for."
    return answer(Problem(title=title, status=422, code="invalid", detail=detail, errors=faults))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler is installed for nothing else
    code = _HTTP_CODES.get(error.status_code, "http")
    problem = Problem(title=str(error.detail), status=error.status_code, code=code, detail=str(error.detail))
    return answer(problem, error.headers)


_HTTP_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type"}


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    title = "Something went wrong on our side."
    return answer(Problem(title=title, status=500, code="internal", detail="the error is in the log of the server"))


_ABOUT = {
    400: "The body is not JSON",
    401: "Not signed in",
    403: "No right to",
    404: "Not there",
    409: "It collides, or a rule refuses it",
    413: "Too large",
    422: "Not of the form asked for",
    503: "The database or the store is gone for now",
}


def documented() -> dict[int | str, dict[str, Any]]:
    """The problems every route may answer with, for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": text, "content": content} for status, text in _ABOUT.items()}


def describe(document: dict[str, Any]) -> None:
    """Adds what `documented` refers to, to the OpenAPI `document`."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    schemas |= {**schema.pop("$defs"), "Problem": schema}
