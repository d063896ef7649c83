"""What else uses signals, forks, traces or exits in the same OS process goes on as it would without a node."""

import os
import sys

import pytest

from tests.support.host_scripts import HEAD, main, passes
from tests.support.slicing import ROOT, script

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX only")


def test_host_handlers_of_signals_and_the_host_s_own_interval_timer():
    assert passes(
        main("""
got = []
signal.signal(signal.SIGALRM, lambda *_: got.append("alarm"))
signal.signal(signal.SIGUSR1, lambda *_: got.append("usr1"))
asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, got.append, "usr2")
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR2)
while got.count("alarm") < 20 or not {"usr1", "usr2"} <= set(got): await asyncio.sleep(0)
signal.setitimer(signal.ITIMER_REAL, 0)
assert signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL
""")
    ).endswith("over\n")


def test_control_c_reaches_the_host():
    assert "interrupted" in passes("""
async def main():
    async with node() as n:
        await spinner(n)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        await asyncio.sleep(30)
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
""")


def test_a_handler_of_the_host_for_control_c_is_called():
    passes(
        main("""
got = []
signal.signal(signal.SIGINT, lambda *_: got.append(1))
for number in range(1, 6):
    os.kill(os.getpid(), signal.SIGINT)
    while len(got) < number: await asyncio.sleep(0)
""")
    )


def test_a_slow_handler_of_the_host_is_not_parked_with_the_step_that_it_interrupts():
    passes(
        main("""
seen = []
def handler(signum, frame):
    before, until = parks(n), time.monotonic() + 0.02
    while time.monotonic() < until: pass
    seen.append(parks(n) - before)
signal.signal(signal.SIGUSR1, handler)
def interrupted(process): os.kill(os.getpid(), signal.SIGUSR1)
await (await start(n, interrupted)).call(1)
assert seen == [0]
""")
    )


def test_subprocesses_of_steps_and_of_the_host():
    passes(
        main("""
def job(process): return [subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout for _ in range(5)]
worker = await start(n, job)
assert await worker.call(1, timeout=20) == [b"1\\n"] * 5
assert subprocess.run(["sleep", "0.1"]).returncode == 0
child = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(0.1)")
assert await child.wait() == 0
""")
    )


def test_uvloop():
    pytest.importorskip("uvloop")
    passes(
        main(
            """
got = []
asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, got.append, "usr2")
os.kill(os.getpid(), signal.SIGUSR2)
child = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(0.1)")
assert await child.wait() == 0
while not got: await asyncio.sleep(0)
""",
            "import uvloop; uvloop.run(main())",
        )
    )


@pytest.mark.parametrize("core", ["ctrace", "pytrace", "sysmon"])
def test_coverage(core, tmp_path):
    pytest.importorskip("coverage")
    if core == "sysmon" and sys.version_info < (3, 12):
        pytest.skip("sys.monitoring came with 3.12")
    program = tmp_path / "program.py"
    program.write_text(
        HEAD
        + main("""
def covered(process):
    before = parks(n)
    total = 0
    while parks(n) < before + 5: total += 1
    return "covered"
worker = await start(n, covered)
assert await worker.call(1, timeout=30) == "covered"
""")
    )
    import subprocess

    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "COVERAGE_CORE": core,
        "COVERAGE_FILE": str(tmp_path / "data"),
    }
    command = [
        sys.executable,
        "-m",
        "coverage",
        "run",
        "--concurrency=greenlet,thread",
        "--include",
        str(program),
        str(program),
    ]
    if core != "ctrace":
        command.remove("--concurrency=greenlet,thread")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "over\n"), done.stderr
    report = [sys.executable, "-m", "coverage", "report", "-m"]
    lines = subprocess.run(report, env=environment, capture_output=True, text=True, timeout=60).stdout
    assert "program.py" in lines


def test_a_debugger_s_settrace_stays_set_and_sees_the_lines():
    passes(
        main("""
lines = []
def tracer(frame, event, argument):
    if frame.f_code.co_name == "traced": lines.append(event)
    return tracer
def traced(process):
    before, total = parks(n), 0
    while parks(n) < before + 3: total += 1
    assert sys.gettrace() is tracer
    return "traced"
worker = await start(n, traced)
sys.settrace(tracer)
assert await worker.call(1, timeout=30) == "traced"
assert sys.gettrace() is tracer
sys.settrace(None)
assert lines.count("line") > 10, lines
""")
    )


def test_faulthandler_shows_stacks_with_steps_parked():
    done = script(
        HEAD
        + main("""
import faulthandler
faulthandler.enable()
faulthandler.dump_traceback()
await asyncio.sleep(0.05)
faulthandler.dump_traceback()
""")
    )
    assert (done.returncode, done.stdout) == (0, "over\n"), done.stderr
    assert done.stderr.count("most recent call first") >= 2


def test_the_signal_of_pytest_timeout_ends_a_test_that_hangs_beside_a_node(tmp_path):
    (tmp_path / "test_inner.py").write_text(
        HEAD
        + """
def test_that_is_quick():
    async def main():
        async with node() as n:
            await spinner(n)
            over.append(1)
    asyncio.run(main())
    over.clear()

def test_that_hangs():
    async def main():
        async with node() as n:
            await start(n, spin)
            time.sleep(60)
    asyncio.run(main())
"""
    )
    import subprocess

    options = [
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--timeout",
        "2",
        "--timeout-method",
        "signal",
        "-q",
        str(tmp_path),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "Timeout (>2.0s) from pytest-timeout" in done.stdout


def test_a_slow_pipe_gets_all_that_steps_and_host_print():
    import subprocess

    text = HEAD + main("""
def prints(process):
    for number in range(200): print("x" * 1000, flush=True)
pids = [await start(n, prints)] + [await n.start(ChildSpec(str(k), Job, "prints", restart="temporary")) for k in range(3)]
answers = [asyncio.ensure_future(pid.call(1, timeout=30)) for pid in pids]
for number in range(200):
    print("x" * 1000, flush=True)
    await asyncio.sleep(0)
await asyncio.gather(*answers)
""")
    with subprocess.Popen(
        [sys.executable, "-c", text],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        import time

        got = b""
        while piece := child.stdout.read1(8192):
            got += piece
            time.sleep(0.002)  # the slow reader is what the test is about
        errors = child.stderr.read()
        assert child.wait(30) == 0, errors
    lines = got.split()
    assert lines[-1] == b"over"
    # All is there. `print` writes the text and then the end of the line; between the two another may write, as with threads.
    assert (got.count(b"x"), got.count(b"\n")) == (1000 * 1000, 1001)
    assert errors == b""


def test_a_node_in_a_thread_beside_one_in_the_main_thread():
    passes(
        main("""
def live():
    async def other():
        async with node() as second:
            assert not second.preemption.startswith("time-slicing")
            def job(process): return process.wait(asyncio.sleep(0.01, "waited"))
            assert await (await start(second, job)).call(1) == "waited"
            results.append("thread")
    asyncio.run(other())
results = []
thread = threading.Thread(target=live)
thread.start()
while thread.is_alive(): await asyncio.sleep(0.001)
assert results == ["thread"]
before = parks(n)
while parks(n) < before + 5: await asyncio.sleep(0)
""")
    )
