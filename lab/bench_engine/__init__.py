"""`make bench-engine`: what a decision costs, and how long it takes until something comes of it."""
