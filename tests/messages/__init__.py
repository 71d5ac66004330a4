"""Tests of what is said in Slack."""
