"""The write interface: actions that lock, load, ask the policy, append the event and commit."""
