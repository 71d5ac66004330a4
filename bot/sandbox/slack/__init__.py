"""A stand-in Slack: the Web API, Socket Mode, and the people who use it."""
