"""Which nodes are hosted at which address.

The component's domain hosts every node. Besides, each extension is a virtual account of its own,
`ext1000@ivr.example.com`, which hosts just its node, the way a personal eventing service does
(XEP-0163). XEP-0060 §4.6.1 forbids such an address for a *node*; it is a service's.
"""

import unicodedata
from dataclasses import dataclass
from stringprep import in_table_b1, map_table_b2

PREFIX = "ext"


def extension_node(extension: str) -> str:
    """Return the name of the node that shows an extension's calls."""
    return f"{PREFIX}{extension}"


def localpart(node: str) -> str:
    """Return what stands before the @ in the address of an extension's node.

    Servers fold the case of addresses. The other characters that extensions are made of need no
    escaping (XEP-0106).
    """
    return node.lower()


def looks_like_extension(node: str) -> bool:
    """Tell whether a name is, or could be taken for, that of an extension's node.

    Names of nodes differ by case, addresses do not: compared is what addresses are compared by
    (nodeprep, RFC 3920 appendix A).
    """
    mapped = "".join(map_table_b2(character) for character in node if not in_table_b1(character))
    return unicodedata.normalize("NFKC", mapped).startswith(PREFIX)


def extension_address(extension: str, domain: str) -> str:
    """Return the address of an extension's virtual account."""
    return f"{localpart(extension_node(extension))}@{domain}"


def bare(jid: str) -> str:
    """Return a JID without its resource."""
    return jid.partition("/")[0]


def home_of(domain: str) -> str:
    """Return the domain of the server of a component, which is the one above the component's."""
    return domain.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one component."""

    domain: str

    def of(self, node: str) -> str:
        """Return the address that hosts only this node."""
        return f"{localpart(node)}@{self.domain}"

    def account(self, service: str) -> str | None:
        """Return the localpart of a virtual account's address; None if it can be none."""
        local, at, domain = service.partition("@")
        return local if at and domain == self.domain and "/" not in local else None

    def hosts(self, service: str, node: str) -> bool:
        """Tell whether an address is ours and hosts an extension's node."""
        return service == self.domain or self.account(service) == localpart(node)
