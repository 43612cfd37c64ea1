"""Tuning: rows packed into steps, a schedule, a loop, and a checkpoint to go on from."""
