"""Simulators of the outside world: real loopback servers that speak a platform's protocol.

They are shipped because `paidan demo` plays on them; nothing else but tests may import them.
"""
