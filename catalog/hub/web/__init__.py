"""Pages of the repos for people: what the addresses that clients print lead to in a browser."""
