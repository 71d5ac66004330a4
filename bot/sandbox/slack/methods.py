"""The methods of Slack's Web API that the bot may call: one small function each, found in `METHODS`."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.slack.api import Answer, Args, SlackRefusalError, WebApi, flag, structured
from bot.sandbox.slack.files import complete_upload, get_upload_url
from bot.sandbox.slack.limits import UPDATED_TEXT, block_problems, message_error, view_problems
from bot.sandbox.slack.payloads import addresses, fresh_id, message_json
from bot.sandbox.slack.views import views_open
from bot.sandbox.slack.workspace import Blocks, Channel, Message, User


def answer(api: WebApi, method: str, args: Args, token: str | None) -> Answer:
    """Do what the method does and return its answer. SlackRefusalError when Slack would refuse."""
    known = METHODS.get(method)
    if known is None:
        raise SlackRefusalError("unknown_method", req_method=method)
    handler, scope = known
    if method not in OPEN_TO_ALL:
        api.authenticate(token, api.app_token if method == "apps.connections.open" else api.bot_token)
    if scope:
        api.require(scope)
    return {"ok": True} | handler(api, args)


def content(api: WebApi, args: Args, *, text_limit: int | None = None) -> tuple[str | None, Blocks | None]:
    """Return the text and blocks of a message, checked against Slack's limits. None: not given."""
    text = args.get("text")
    blocks = structured(args, "blocks", "invalid_blocks_format")
    refused = api.workspace.refused_block_types
    limit = {"text_limit": text_limit} if text_limit else {}
    error = message_error(text, blocks, refused_types=refused, **limit)
    if error == "invalid_blocks":
        raise invalid_blocks(block_problems(blocks, refused_types=refused))
    if error:
        raise SlackRefusalError(error)
    return text, blocks


def invalid_blocks(problems: list[str]) -> SlackRefusalError:
    """Return Slack's refusal of blocks, with what is wrong in words."""
    messages = [f"[ERROR] {p}" for p in problems]
    return SlackRefusalError("invalid_blocks", errors=problems, response_metadata={"messages": messages})


def own_message(api: WebApi, args: Args, error: str) -> Message:
    """Return the bot's own message of `channel` and `ts`; refuse with `error` if somebody else wrote it."""
    channel = api.channel(str(args.get("channel", "")))
    message = api.workspace.find(channel.id, str(args.get("ts", "")))
    if message is None or message.ephemeral_to:
        raise SlackRefusalError("message_not_found")
    if message.user != api.workspace.bot.id:
        raise SlackRefusalError(error)
    return message


def api_test(_api: WebApi, args: Args) -> Answer:
    """Echo the arguments; fail on request."""
    if args.get("error"):
        raise SlackRefusalError(str(args["error"]))
    return {"args": args}


def auth_test(api: WebApi, _args: Args) -> Answer:
    """Say who the token belongs to."""
    workspace = api.workspace
    enterprise = {"enterprise_id": workspace.enterprise_id} if workspace.enterprise_id else {}
    return enterprise | {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.domain,
        "user": workspace.bot.name,
        "team_id": workspace.team_id,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def apps_connections_open(api: WebApi, _args: Args) -> Answer:
    """Give a Socket Mode URL."""
    return {"url": api.open_link()}


def blocks_validate(api: WebApi, args: Args) -> Answer:
    """Check blocks without posting them."""
    blocks = structured(args, "blocks", "invalid_blocks_format")
    if problems := block_problems(blocks, refused_types=api.workspace.refused_block_types):
        raise invalid_blocks(problems)
    return {}


def chat_post_message(api: WebApi, args: Args) -> Answer:
    """Post a message to a channel, a thread, or a person."""
    channel = api.writable(str(args.get("channel", "")))
    text, blocks = content(api, args)
    thread_ts = api.thread(channel.id, args.get("thread_ts"))
    api.spend(channel.id)
    message = api.workspace.post(
        channel.id,
        api.workspace.bot.id,
        text or "",
        blocks=blocks,
        thread_ts=thread_ts,
        metadata=structured(args, "metadata", "invalid_metadata_format"),
        broadcast=flag(args, "reply_broadcast"),
    )
    return {"channel": channel.id, "ts": message.ts, "message": message_json(message, api.workspace)}


def chat_update(api: WebApi, args: Args) -> Answer:
    """Edit a message of the bot's own."""
    message = own_message(api, args, "cant_update_message")
    text, blocks = content(api, args, text_limit=UPDATED_TEXT)
    metadata = structured(args, "metadata", "invalid_metadata_format")
    api.workspace.update(message, text=text, blocks=blocks, metadata=metadata)
    body = message_json(message, api.workspace)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": body}


def chat_post_ephemeral(api: WebApi, args: Args) -> Answer:
    """Post a message that one person in the channel sees."""
    channel = api.writable(str(args.get("channel", "")), as_guest=False)
    user = str(args.get("user", ""))
    if not api.workspace.is_member(channel, user):
        raise SlackRefusalError("user_not_in_channel")
    text, blocks = content(api, args)
    thread_ts = api.thread(channel.id, args.get("thread_ts"), unless_gone=False)
    api.spend(channel.id)
    message = api.workspace.post(
        channel.id,
        api.workspace.bot.id,
        text or "",
        blocks=blocks,
        thread_ts=thread_ts,
        ephemeral_to=user,
    )
    return {"message_ts": message.ts}


def chat_delete(api: WebApi, args: Args) -> Answer:
    """Delete a message of the bot's own."""
    message = own_message(api, args, "cant_delete_message")
    api.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def chat_get_permalink(api: WebApi, args: Args) -> Answer:
    """Give the address of a message."""
    channel = api.channel(str(args.get("channel", "")))
    message = api.workspace.find(channel.id, str(args.get("message_ts", "")))
    if message is None or message.ephemeral_to:
        raise SlackRefusalError("message_not_found")
    place = f"{channel.id}/p{message.ts.replace('.', '')}"
    suffix = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
    link = f"https://{api.workspace.domain}.slack.com/archives/{place}{suffix}"
    return {"channel": channel.id, "permalink": link}


def chat_unfurl(api: WebApi, args: Args) -> Answer:
    """Show something below addresses that a message holds."""
    channel = api.channel(str(args.get("channel", "")))
    message = api.workspace.find(channel.id, str(args.get("ts", "")))
    shown = structured(args, "unfurls", "invalid_unfurls_format")
    if message is None or message.ephemeral_to:
        raise SlackRefusalError("cannot_find_message")
    if not isinstance(shown, dict) or not shown:
        raise SlackRefusalError("missing_unfurls")
    for url, each in shown.items():
        if url not in addresses(message.text):
            raise SlackRefusalError("cannot_unfurl_url")
        if not isinstance(each, dict) or block_problems(each.get("blocks")):
            raise SlackRefusalError("cannot_parse_attachment")
    message.attachments = [{"from_url": url, **each} for url, each in shown.items()]
    return {}


def conversations_info(api: WebApi, args: Args) -> Answer:
    """Describe a channel."""
    channel = api.channel(str(args.get("channel", "")))
    api.require(f"{scope_kind(channel)}:read")
    described: Answer = {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private and not channel.is_im,
        "is_im": channel.is_im,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": channel.bot_is_member,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": channel.is_pending_ext_shared,
        "is_org_shared": False,
        "context_team_id": api.workspace.team_id,
    }
    if channel.is_im:
        described["user"] = channel.user
    return {"channel": described}


def scope_kind(channel: Channel) -> str:
    """Return the word that scopes use for this kind of channel."""
    if channel.is_im:
        return "im"
    return "groups" if channel.is_private else "channels"


def conversations_open(api: WebApi, args: Args) -> Answer:
    """Open the direct message conversation with one person."""
    user = str(args.get("users", ""))
    if user not in api.workspace.users:
        raise SlackRefusalError("user_not_found")
    return {"channel": {"id": api.workspace.open_im(user).id}}


def conversations_history(api: WebApi, args: Args) -> Answer:
    """List what stands in a channel, newest first."""
    channel = _readable(api, args)
    return _page(api, args, list(reversed(api.workspace.parents(channel.id))))


def conversations_replies(api: WebApi, args: Args) -> Answer:
    """List a thread with its parent, oldest first."""
    channel = _readable(api, args)
    message = api.workspace.find(channel.id, str(args.get("ts", "")))
    if message is None or message.ephemeral_to:
        raise SlackRefusalError("thread_not_found")
    parent = message if message.is_parent else api.workspace.find(channel.id, message.thread_ts or "")
    thread = api.workspace.replies(channel.id, message.thread_ts or message.ts)
    return _page(api, args, [*([parent] if parent else []), *thread])


def _readable(api: WebApi, args: Args) -> Channel:
    channel = api.channel(str(args.get("channel", "")))
    api.require(f"{scope_kind(channel)}:history")
    if not channel.bot_is_member:
        raise SlackRefusalError("not_in_channel")
    return channel


def _page(api: WebApi, args: Args, messages: list[Message]) -> Answer:
    """Return the asked part of a list of messages; the cursor is the offset of the next page."""
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    edge = flag(args, "inclusive")
    wanted = [m for m in messages if oldest < float(m.ts) < latest or (edge and float(m.ts) in (oldest, latest))]
    start, size = int(args.get("cursor") or 0), int(args.get("limit") or 100)
    page, more = wanted[start : start + size], len(wanted) > start + size
    with_metadata = flag(args, "include_all_metadata")
    return {
        "messages": [message_json(m, api.workspace, with_metadata=with_metadata) for m in page],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + size) if more else ""},
    }


def users_info(api: WebApi, args: Args) -> Answer:
    """Describe a person."""
    user = api.workspace.users.get(str(args.get("user", "")))
    if user is None:
        raise SlackRefusalError("user_not_found")
    return {"user": _described(api, user)}


def users_list(api: WebApi, _args: Args) -> Answer:
    """Describe everybody."""
    return {"members": [_described(api, user) for user in api.workspace.users.values()]}


def _described(api: WebApi, user: User) -> Answer:
    described: Answer = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "profile": {"real_name": user.real_name, "display_name": user.name},
        "tz": user.tz,
        "tz_offset": 0,
        "is_bot": user.is_bot,
        "is_restricted": user.is_restricted or user.is_ultra_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "deleted": user.deleted,
    }
    if user.enterprise_id:
        described["enterprise_user"] = {"id": user.id, "enterprise_id": user.enterprise_id, "teams": [user.team_id]}
    same_enterprise = user.enterprise_id and user.enterprise_id == api.workspace.enterprise_id
    if user.team_id != api.workspace.team_id and not same_enterprise:
        described["is_stranger"] = True
    return described


def usergroups_users_list(api: WebApi, args: Args) -> Answer:
    """List the members of a user group."""
    members = api.workspace.usergroups.get(str(args.get("usergroup", "")))
    if members is None:
        raise SlackRefusalError("no_such_subteam")
    return {"users": list(members)}


def views_publish(api: WebApi, args: Args) -> Answer:
    """Publish a person's Home tab."""
    user = str(args.get("user_id", ""))
    if user not in api.workspace.users:
        raise SlackRefusalError("user_not_found")
    view = structured(args, "view", "invalid_arguments")
    problems = view_problems(view)
    if problems or view["type"] != "home":
        raise SlackRefusalError("invalid_arguments", response_metadata={"messages": problems})
    stored = view | {"id": fresh_id("V"), "team_id": api.workspace.team_id, "hash": fresh_id("")}
    api.workspace.homes[user] = stored
    return {"view": stored}


OPEN_TO_ALL = frozenset({"api.test"})

METHODS: dict[str, tuple[Callable[[WebApi, Args], Answer], str | None]] = {
    "api.test": (api_test, None),
    "apps.connections.open": (apps_connections_open, None),
    "auth.test": (auth_test, None),
    "blocks.validate": (blocks_validate, None),
    "chat.delete": (chat_delete, "chat:write"),
    "chat.getPermalink": (chat_get_permalink, None),
    "chat.postEphemeral": (chat_post_ephemeral, "chat:write"),
    "chat.postMessage": (chat_post_message, "chat:write"),
    "chat.unfurl": (chat_unfurl, "links:write"),
    "chat.update": (chat_update, "chat:write"),
    "conversations.history": (conversations_history, None),
    "conversations.info": (conversations_info, None),
    "conversations.open": (conversations_open, "im:write"),
    "conversations.replies": (conversations_replies, None),
    "files.completeUploadExternal": (complete_upload, "files:write"),
    "files.getUploadURLExternal": (get_upload_url, "files:write"),
    "usergroups.users.list": (usergroups_users_list, "usergroups:read"),
    "users.info": (users_info, "users:read"),
    "users.list": (users_list, "users:read"),
    "views.open": (views_open, None),
    "views.publish": (views_publish, None),
}
"""Each method: what does it, and the scope it needs (None: none, or one that depends on the channel)."""
