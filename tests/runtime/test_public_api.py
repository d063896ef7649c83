"""What `from runtime import …` gives, and what it does not load."""

import subprocess
import sys

import pytest

import runtime

FIXED = [
    "Node", "Server", "Supervisor", "ChildSpec", "Reply", "NoReply", "Stop", "Continue", "Request", "Caller", "Pid", "Ref",
    "Down", "Exit", "TaskDone", "TaskFailed", "ProcessExit", "CallError", "NoProcess", "NotRegistered", "CallTimeout",
    "ProcessDied", "SelfCall", "NotSendable", "ChildError",
]  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_the_fixed_names_are_exported(name):
    assert name in runtime.__all__
    assert getattr(runtime, name).__name__ == name


def test_all_is_sorted_and_everything_in_it_exists():
    assert len(set(runtime.__all__)) == len(runtime.__all__)
    for name in runtime.__all__:
        assert getattr(runtime, name) is not None
    assert set(runtime.__all__) == set(runtime._HOME)


def test_dir_lists_the_public_names():
    assert set(runtime.__all__) <= set(dir(runtime))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'runtime' has no attribute 'Sever'"):
        runtime.Sever  # noqa: B018


def test_every_public_name_has_a_docstring():
    undocumented = [
        name
        for name in runtime.__all__
        if isinstance(getattr(runtime, name), type) and not getattr(runtime, name).__doc__
    ]
    assert undocumented == []


def loaded_by(statement):
    """The modules that a fresh interpreter has after a statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_of_it():
    assert {name for name in loaded_by("import runtime") if name.startswith("runtime")} == {"runtime"}


def test_importing_the_ports_client_loads_neither_node_nor_asyncio_machinery_of_the_runtime():
    loaded = loaded_by("import runtime.port.client, runtime.port.contract")
    for name in (
        "runtime.node",
        "runtime.process",
        "runtime.scheduler",
        "runtime.server",
        "runtime.supervision",
    ):
        assert name not in loaded


def test_the_runtime_without_a_port_loads_neither_rpyc_nor_pydantic_nor_textual():
    loaded = loaded_by("from runtime import Node, Server, Supervisor, ChildSpec")
    for name in ("rpyc", "pydantic", "textual", "rich", "tui"):
        assert name not in loaded


def test_the_errors_print_in_the_form_that_is_documented():
    from runtime import ChildError, StartError

    assert str(ChildError("not_found", "a")) == "child 'a': not_found"
    assert str(StartError("child 'a'", ValueError("x"))) == "child 'a' did not start: ValueError('x')"


def test_handlers_take_their_parameters_by_position_so_that_an_override_may_name_the_state_as_it_likes():
    import inspect

    from runtime import Server

    for name in ("handle_call", "handle_cast", "handle_info", "handle_continue", "terminate"):
        parameters = inspect.signature(getattr(Server, name)).parameters.values()
        assert {parameter.kind for parameter in parameters} == {inspect.Parameter.POSITIONAL_ONLY}
    assert not hasattr(Server, "init")
