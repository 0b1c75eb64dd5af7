"""Stanzas in, stanzas out: one file per family. Each parses, makes one call, and replies."""
