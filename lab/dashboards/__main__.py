"""`make dashboards`: write the dashboards anew."""

from lab.dashboards import DASHBOARDS
from lab.paths import DASHBOARD_FILES

for dashboard in DASHBOARDS:
    (DASHBOARD_FILES / f"{dashboard.name}.json").write_text(dashboard.json())
