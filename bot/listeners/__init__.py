"""Inbound Slack: each listener parses, authorises and enqueues, and nothing else."""
