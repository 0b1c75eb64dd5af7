"""The dashboards that are shipped in monitoring/grafana."""

from lab.dashboards.operator import OPERATOR
from lab.dashboards.supervisor import SUPERVISOR

DASHBOARDS = (SUPERVISOR, OPERATOR)
