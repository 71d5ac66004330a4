"""Slack's Web API over HTTP, at the one address that is set: the token is carried nowhere else."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient
from slack_sdk.errors import SlackRequestError

_SLOW_DOWN = '{"ok": false, "error": "ratelimited"}'


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, *_: Any) -> None:
        raise SlackRequestError(f"{req.host} answers with a redirect, which is not followed: check SLACK_API_URL")


class SlackClient(WebClient):
    """A client that follows no redirect: slack_sdk's own would take the token along, to whatever host is named.

    A web page, or what else is no answer of Slack's, counts as none: it says nothing about what was asked.
    """

    def _perform_urllib_http_request(self, *, url: str, args: dict[str, dict[str, Any]]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = super()._perform_urllib_http_request(url=url, args=args)
        except (UnicodeDecodeError, LookupError):
            raise SlackRequestError("the answer is not Slack's") from None
        if not _is_slacks(answer["body"]):
            if answer["status"] != HTTPStatus.TOO_MANY_REQUESTS:
                raise SlackRequestError(f"the answer ({answer['status']}) is not Slack's")
            answer["body"] = _SLOW_DOWN
        return answer

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # noqa: ARG002
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else None
        opener = build_opener(ProxyHandler(proxies), HTTPSHandler(context=self.ssl), _NoRedirects)
        with opener.open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            return {"status": answer.code, "headers": answer.headers, "body": answer.read().decode(charset)}


def _is_slacks(body: str) -> bool:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and (said.get("ok") is True or isinstance(said.get("error"), str))
