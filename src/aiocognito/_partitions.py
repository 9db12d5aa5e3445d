"""AWS partitions: the domains of the services of each region.

The table is that of botocore (``data/partitions.json``), which is too slow to load for a
configuration; a test compares the two. The region of a pool is the first part of its id.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen


@frozen
class Partition:
    """A group of regions with one domain.

    Attributes:
        name: The name in ARNs, such as ``aws-cn``.
        dns_suffix: The domain of its services, such as ``amazonaws.com.cn``.
    """

    name: str
    dns_suffix: str


AWS: Final = Partition("aws", "amazonaws.com")

# The patterns are botocore's. Each partition also has one pseudo-region, `<partition>-global`.
_OTHERS: Final = (
    (r"cn-\w+-\d+", Partition("aws-cn", "amazonaws.com.cn")),
    (r"eusc-de-\w+-\d+", Partition("aws-eusc", "amazonaws.eu")),
    (r"us-iso-\w+-\d+", Partition("aws-iso", "c2s.ic.gov")),
    (r"us-isob-\w+-\d+", Partition("aws-iso-b", "sc2s.sgov.gov")),
    (r"eu-isoe-\w+-\d+", Partition("aws-iso-e", "cloud.adc-e.uk")),
    (r"us-isof-\w+-\d+", Partition("aws-iso-f", "csp.hci.ic.gov")),
    (r"us-gov-\w+-\d+", Partition("aws-us-gov", "amazonaws.com")),
)
_PATTERNS: Final = tuple(
    (re.compile(rf"{pattern}|{partition.name}-global", re.ASCII), partition) for pattern, partition in _OTHERS
)


def partition_of(region: str) -> Partition:
    """Return the partition of a region.

    Args:
        region: Such as ``eu-central-1``. An unknown region belongs to ``aws``, as with botocore.
    """
    return next((partition for pattern, partition in _PATTERNS if pattern.fullmatch(region)), AWS)


def service_host(service: str, region: str) -> str:
    """Return the host name of a service in a region, such as ``cognito-idp.eu-west-1.amazonaws.com``.

    Args:
        service: The prefix of the host name, ``cognito-idp`` or ``cognito-identity``.
        region: The region of the pool.
    """
    return f"{service}.{region}.{partition_of(region).dns_suffix}"
