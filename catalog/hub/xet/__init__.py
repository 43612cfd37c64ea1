"""Files that arrive in pieces by the Xet protocol: their formats, their keeping, putting together.

Written from the public specification (xorb, shard, upload protocol and CAS API, version 1.1).
"""
