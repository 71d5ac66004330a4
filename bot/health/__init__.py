"""How the running bot does: counters and gauges, three pages for whoever watches it, and word to systemd."""
