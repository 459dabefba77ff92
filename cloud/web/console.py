"""The console's built pages: hashed files for ever, the page itself always fresh, and the page for every address."""

from os import PathLike

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

IMMUTABLE = "public, max-age=31536000, immutable"
PAGE = "index.html"


class Console(StaticFiles):
    """Files of a folder; an address that is none of its files is one of the page's own routes, dots and all."""

    def __init__(self, directory: str | PathLike[str]) -> None:
        super().__init__(directory=directory, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or the page. Raises HTTPException 404."""
        if path.split("/")[0] == "api":
            raise HTTPException(404)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith("assets/"):
                raise
            response = await super().get_response(PAGE, scope)
        response.headers["Cache-Control"] = IMMUTABLE if path.startswith("assets/") else "no-cache"
        return response
