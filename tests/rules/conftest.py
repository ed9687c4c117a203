"""The tests of the rules stand on the system tests' fixtures (see tests/contract/conftest.py), and on the clients of
the fault tests."""
import importlib.util
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / "system"), str(TESTS / "faults")]
_spec = importlib.util.spec_from_file_location("system_conftest", TESTS / "system/conftest.py")
_system = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_system)
globals().update({name: value for name, value in vars(_system).items() if not name.startswith("_")})
