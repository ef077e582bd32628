"""The contract with clients and nothing else: bytes to asks, events to bytes.

Pure: knows no app logic, no store, no socket."""
