"""What people read of billing's values, in plain text: the same words in Slack, terminals, files and JSON. Pure."""
