"""What the rules implement, by the names of XEP-0060 §10.

Features that are requests a peer can make (`subscribe`, `retrieve-items`, …) are not listed here:
`component.handlers.pubsub` derives them from its table of requests.
"""

from component.pubsub.configuration import DEFAULT, MANAGED
from component.pubsub.policy import Policy

CREATED_ACCESS, MANAGED_ACCESS = (f"access-{c.access_model.value}" for c in (DEFAULT, MANAGED))
"""The access models that nodes begin with. Others, which can be chosen, have no features (§10)."""

RULES = frozenset(
    {
        CREATED_ACCESS,
        MANAGED_ACCESS,
        "auto-subscribe",
        "config-node-max",
        "delete-items",
        "filtered-notifications",
        "instant-nodes",
        "item-ids",
        "last-published",
        "leased-subscription",
        "member-affiliation",
        "meta-data",
        "multi-items",
        "multi-subscribe",
        "outcast-affiliation",
        "persistent-items",
        "presence-notifications",
        "presence-subscribe",
        "publish-node-full",
        "publish-only-affiliation",
        "publisher-affiliation",
        "rsm",
        "subscription-notifications",
    }
)

AT_EXTENSIONS = frozenset(
    {MANAGED_ACCESS, "auto-subscribe", "filtered-notifications", "presence-subscribe"}
)
"""How the nodes there begin, and what those have who show an address their presence: the domain
itself notifies nobody so."""

AT_DOMAIN = frozenset(
    {
        CREATED_ACCESS,
        "auto-create",
        "create-and-configure",
        "create-nodes",
        "delete-nodes",
        "instant-nodes",
    }
)
"""What an extension's address lacks: it has one node, that comes and goes with the extension."""


def implemented(policy: Policy) -> frozenset[str]:
    """Return what is implemented and lets itself be used under a policy."""
    return RULES | {"auto-create"} if policy.auto_create else RULES
