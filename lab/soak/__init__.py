"""`make soak`: whether anything grows with the number of calls."""
