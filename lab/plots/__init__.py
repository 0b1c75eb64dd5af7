"""Pictures of the dashboards, for the docs."""
