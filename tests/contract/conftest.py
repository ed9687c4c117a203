"""The contract tests stand on the system tests' fixtures. Whichever of the two files Python finds under the
name `conftest`, the same names are in it."""
import importlib.util
import pathlib
import sys

SYSTEM = pathlib.Path(__file__).resolve().parent.parent / "system"
sys.path.append(str(SYSTEM))
_spec = importlib.util.spec_from_file_location("system_conftest", SYSTEM / "conftest.py")
_system = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_system)
globals().update({name: value for name, value in vars(_system).items() if not name.startswith("_")})
