"""Tests of the stand-ins: what the other tests are measured by must itself be right."""
