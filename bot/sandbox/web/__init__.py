"""The stand-in Slack as a page in the browser: what one person of the workspace sees, and what they can do there."""
