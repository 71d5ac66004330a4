"""What is true of one ticket and one invoice: verdicts, policy, links."""
