"""A stand-in Syncro and a stand-in Slack on loopback, for the demo and for the tests. All data is invented."""
