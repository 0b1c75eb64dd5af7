"""What the rules implement, by the names of XEP-0060 §10.

Features that are requests a peer can make (`subscribe`, `retrieve-items`, …) are not listed here:
`component.handlers.pubsub` derives them from its table of requests.
"""

RULES = frozenset(
    {
        "access-whitelist",
        "member-affiliation",
        "outcast-affiliation",
        "persistent-items",
        "publisher-affiliation",
        "rsm",
        "subscription-notifications",
    }
)
