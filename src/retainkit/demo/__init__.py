"""An invented community shop with known truths planted in it, to learn on and to test with."""

from retainkit.demo.plan import ZONE
from retainkit.demo.write import DemoFiles, write_demo

__all__ = ["ZONE", "DemoFiles", "write_demo"]
