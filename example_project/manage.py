#!/usr/bin/env python
"""Django's command line for the example project."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from example.management.commands.demo import Command as DemoCommand

if __name__ == "__main__":
    if sys.argv[1:2] == ["demo"]:
        # It only starts processes, so it begins at once, without settings and apps.
        DemoCommand().run_from_argv(sys.argv)
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.settings")
        execute_from_command_line(sys.argv)
