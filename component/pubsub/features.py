"""What the rules implement, by the names of XEP-0060 §10.

Features that are requests a peer can make (`subscribe`, `retrieve-items`, …) are not listed here:
`component.handlers.pubsub` derives them from its table of requests.
"""

RULES = frozenset(
    {
        "access-authorize",
        "access-open",
        "access-whitelist",
        "config-node-max",
        "delete-items",
        "instant-nodes",
        "item-ids",
        "last-published",
        "leased-subscription",
        "member-affiliation",
        "meta-data",
        "multi-items",
        "outcast-affiliation",
        "persistent-items",
        "publish-only-affiliation",
        "publisher-affiliation",
        "rsm",
        "subscription-notifications",
    }
)
