"""What the end-to-end tests and the demo stand on: real Trino servers, the gateway, real clients."""
