"""Marks the wheel as one for this system and every Python: it contains a library, but ctypes
loads it."""

import platform
import sysconfig

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformTag(BuildHookInterface):
    def initialize(self, version, build_data):
        system = sysconfig.get_platform()
        name, number = platform.libc_ver()
        if name == "glibc":
            # PEP 600: it runs with this glibc and newer ones.
            system = system.replace("linux", "manylinux_" + number, 1)
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + system.replace("-", "_").replace(".", "_")
