"""Signing in by a directory (OpenID Connect): a browser is sent there, and comes back."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from cloud.errors import CloudError, ConflictError
from cloud.parts import PartsIn
from cloud.people import oidc
from cloud.people.access import browser_of, set_session
from cloud.people.errors import DirectoryGoneError, DirectorySignInError, RolesClashError

COOKIE = "sealtrail_oidc"
HOME, SIGN_IN = "/", "/sign-in"
AGAIN = "/me?again=1"
"""Where a fresh sign-in is asked for, and goes on."""

router = APIRouter(tags=["people"], prefix="/oidc")

Word = Annotated[str | None, Query(max_length=2048, pattern=r"^[\x20-\x7e]*$")]
"""RFC 6749, appendix A: visible ASCII."""
_AWAY: dict[int | str, dict[str, Any]] = {307: {"description": "To the directory"}}
_HOME: dict[int | str, dict[str, Any]] = {
    303: {"description": "To the console, signed in; or to its sign-in page, with `problem`"}
}


class SignInBy(BaseModel):
    """The directory that people can sign in by, where there is one."""

    issuer: str | None


@router.get("", operation_id="get_directory")
async def get_directory(parts: PartsIn) -> SignInBy:
    """Whether there is a directory to sign in by; anybody may ask."""
    return SignInBy(issuer=parts.directory.issuer if parts.directory else None)


@router.get("/login", operation_id="begin_oidc", status_code=307, response_class=RedirectResponse, responses=_AWAY)
async def get_login(request: Request, parts: PartsIn, fresh: bool = False) -> Response:
    """Sends the browser to the directory; `fresh`: which has to ask anew who it is, even of somebody it knows."""
    directory = oidc.directory_of(parts.directory)
    try:
        url, state = await oidc.begin(parts.pool, parts.world, directory, fresh=fresh)
    except DirectoryGoneError as error:
        return _problem(request, error)
    response = RedirectResponse(url)
    response.set_cookie(
        COOKIE,
        state,
        max_age=int(oidc.LOGIN_LASTS.total_seconds()),
        path=request.url.path.removesuffix("/login"),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",  # it has to come back with the browser that the directory sends
    )
    return response


@router.get("/callback", operation_id="finish_oidc", status_code=303, response_class=RedirectResponse, responses=_HOME)
async def get_callback(
    request: Request, parts: PartsIn, state: Word = None, code: Word = None, error: Word = None
) -> Response:
    """Where the directory sends the browser back to: opens a session."""
    directory = oidc.directory_of(parts.directory)
    try:
        done = await oidc.finish(
            parts,
            directory,
            state=state or "",
            kept=request.cookies.get(COOKIE),
            code=code,
            error=error,
            browser=browser_of(request),
        )
    except (DirectorySignInError, DirectoryGoneError, RolesClashError, ConflictError) as problem:
        return _problem(request, problem)
    response = RedirectResponse(AGAIN if done.fresh else HOME, 303)
    set_session(request, response, done.secret)
    response.delete_cookie(COOKIE, path=request.url.path.removesuffix("/callback"))
    return response


def _problem(request: Request, error: CloudError) -> Response:
    """A person is taken to the page where they can begin again; a program is told as ever. Raises `error`."""
    if "text/html" not in request.headers.get("accept", ""):
        raise error
    code = getattr(error, "code", "directory")
    return RedirectResponse(f"{SIGN_IN}?{urlencode({'problem': code})}", 303)
