"""XEP-0060 as pure rules: nodes, items, subscriptions, affiliations, access → notifications."""
