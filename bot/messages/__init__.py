"""Outbound Slack: a finding becomes words and blocks (pure functions); the poster sends them."""
