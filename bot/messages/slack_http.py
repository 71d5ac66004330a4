"""Slack's Web API over HTTP, at the one address that is set: the token is carried nowhere else."""

from __future__ import annotations

from typing import Any
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient
from slack_sdk.errors import SlackRequestError


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, *_: Any) -> None:
        raise SlackRequestError(f"{req.host} answers with a redirect, which is not followed: check SLACK_API_URL")


class SlackClient(WebClient):
    """A client that follows no redirect: slack_sdk's own would take the token along, to whatever host is named."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # noqa: ARG002
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else None
        opener = build_opener(ProxyHandler(proxies), HTTPSHandler(context=self.ssl), _NoRedirects)
        with opener.open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            return {"status": answer.code, "headers": answer.headers, "body": answer.read().decode(charset)}
