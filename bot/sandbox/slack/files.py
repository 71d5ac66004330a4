"""Files: announced by the app, sent to an address of their own, then shared. As `files_upload_v2` of slack_sdk does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.sandbox.slack.api import Answer, Args, SlackRefusalError, WebApi, structured
from bot.sandbox.slack.payloads import file_json, fresh_id
from bot.sandbox.slack.workspace import Channel, File, Upload, Workspace


def get_upload_url(api: WebApi, args: Args) -> Answer:
    """Announce a file; say where to send it."""
    name, length = str(args.get("filename") or ""), str(args.get("length") or "")
    if not name or not length.isdecimal() or int(length) == 0:
        raise SlackRefusalError("invalid_arguments")
    upload = Upload(fresh_id("F"), fresh_id(""), name, int(length))
    api.workspace.uploads.append(upload)
    return {"upload_url": api.upload_url(upload.key), "file_id": upload.id}


def receive(workspace: Workspace, key: str, content: bytes) -> Answer:
    """Take the bytes of an announced file. SlackRefusalError when the length is not the announced one."""
    upload = next((u for u in workspace.uploads if u.key == key), None)
    if upload is None:
        raise SlackRefusalError("file_not_found", status=404)
    if len(content) != upload.length:
        raise SlackRefusalError("invalid_length", status=400)
    upload.content = content
    return {"ok": True}


def complete_upload(api: WebApi, args: Args) -> Answer:
    """Share files that were sent: one message in each conversation, or in a thread. Without one they stay private."""
    files = _sent(api, structured(args, "files", "invalid_arguments"))
    channels = _destinations(api, args)
    thread_ts = args.get("thread_ts") or None
    if thread_ts and len(channels) != 1:
        raise SlackRefusalError("invalid_arguments")
    try:
        for channel in channels:
            api.thread(channel.id, thread_ts)
    except SlackRefusalError:
        raise SlackRefusalError("invalid_arguments") from None
    for channel in channels:
        _share(api.workspace, channel, files, str(args.get("initial_comment") or ""), thread_ts)
    if not channels:
        api.workspace.files.extend(files)
    done = {file.id for file in files}
    api.workspace.uploads = [upload for upload in api.workspace.uploads if upload.id not in done]
    return {"files": [file_json(file, api.workspace) for file in files]}


def _sent(api: WebApi, wanted: Any) -> list[File]:
    """Return the files that are named, refusing those that were not sent or are shared already."""
    if not isinstance(wanted, list) or not wanted or not all(isinstance(w, dict) and w.get("id") for w in wanted):
        raise SlackRefusalError("invalid_arguments")
    sent = {upload.id: upload for upload in api.workspace.uploads}
    files = []
    for each in wanted:
        upload = sent.get(each["id"])
        if upload is None or upload.content is None:
            raise SlackRefusalError("file_not_found")
        title = str(each.get("title") or upload.name)
        files.append(File(upload.id, upload.name, title, upload.content, api.workspace.bot.id))
    return files


def _destinations(api: WebApi, args: Args) -> list[Channel]:
    """Return where to share: `channel_id`, which must not be a person, or `channels`. The bot must be in each.

    chat:write.public does not help a file.
    """
    one = str(args.get("channel_id") or "")
    if one in api.workspace.users:
        raise SlackRefusalError("channel_not_found")
    wanted = [one] if one else [c for c in str(args.get("channels") or "").split(",") if c]
    return [api.writable(channel, as_guest=False) for channel in wanted]


def _share(workspace: Workspace, channel: Channel, files: list[File], comment: str, thread_ts: str | None) -> None:
    message = workspace.post(channel.id, workspace.bot.id, comment, thread_ts=thread_ts)
    message.files = [replace(file, channel=channel.id, thread_ts=message.thread_ts) for file in files]
    workspace.files.extend(message.files)
