"""What an account still lacks before it can send, measured."""
