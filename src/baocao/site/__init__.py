"""The intranet site: every month published, its earlier revisions, and the releases that readers see one at a time."""

from baocao.site.publish import Published, publish
from baocao.site.rollback import Release, releases, roll_back

__all__ = ["Published", "Release", "publish", "releases", "roll_back"]
