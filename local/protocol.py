"""Refuses invalid HTTP with the error envelope, like all other errors of the front.

aiohttp would respond with text that quotes the invalid part of the request.
"""

from aiohttp import web

from local.envelope import refuse

SERVER_ERRORS = 500


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = SERVER_ERRORS,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse a request that could not be read; a failure of our own is logged by aiohttp first."""
        if status >= SERVER_ERRORS:
            super().handle_error(request, status, exc, message)
            answer = refuse(status, "INTERNAL", "An internal error occurred.", request.headers)
        else:
            answer = refuse(status, "BAD_REQUEST", "This is not a valid HTTP request.", request.headers)
        answer.force_close()
        return answer


class Server(web.Server):
    """aiohttp's server, with the error envelope for invalid requests."""

    def __call__(self) -> web.RequestHandler:
        """Serve one connection."""
        return _Connection(self, loop=self._loop, **self._kwargs)
